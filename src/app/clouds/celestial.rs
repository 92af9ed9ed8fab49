use crate::data::Header;
#[derive(Clone)]
pub struct Celestial;
pub enum SkyFrame {
    Galactic,
    Ecliptic,
    Fk4,
    Fk5,
    Icrs,
}
impl Celestial {
    pub fn from_header(_h: &Header) -> anyhow::Result<Option<Self>> {
        Ok(None)
    }
    pub fn world(&self, _x: f64, _y: f64) -> Option<(f64, f64)> {
        None
    }
    pub fn frame(&self) -> SkyFrame {
        SkyFrame::Icrs
    }
}
