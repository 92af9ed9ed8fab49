//! The open document as the canvas and the inspector edit it: one method for each thing a user can do, each one step of undo.

use super::cards;
use super::forecast::Outlook;
use super::scene::FRAME_TITLE;
use crate::app::document::Document;
use crate::blueprint::catalogue;
use crate::blueprint::edit::{self, Alignment, Axis, Clip, EditError};
use crate::blueprint::{
    Activity, Analysis, Block, BlockId, Blueprint, Graph, Link, Mend, Parameter, Port, analyse, library,
};
use egui::{Pos2, Rect, Response, Vec2};
use std::path::{Path, PathBuf};

/// What the analysis says of the document, redone when the document changed.
#[derive(Default)]
pub struct Reading {
    generation: Option<u64>,
    analysis: Analysis,
}

/// What is to be added.
#[derive(Clone, Copy)]
pub enum Added<'a> {
    /// A kind of the catalogue.
    Kind(&'static str),
    /// A ready-made group.
    Preset(&'static str),
    /// A block of the user's folder.
    Saved(&'a Path),
}

/// The open document for the time of a frame.
pub struct Editor<'a> {
    document: &'a mut Document,
    reading: &'a mut Reading,
    /// Samples of one mini-batch, for the forecasts of memory.
    pub batch: u32,
    pub outlook: Outlook,
}

impl<'a> Editor<'a> {
    /// `None` where no blueprint is open.
    pub fn new(document: &'a mut Document, reading: &'a mut Reading, outlook: Outlook) -> Option<Self> {
        document.current()?;
        let mut editor = Self { document, reading, batch: outlook.batch, outlook };
        editor.read();
        Some(editor)
    }

    fn read(&mut self) {
        let generation = Some(self.document.generation());
        if self.reading.generation != generation
            && let Some(blueprint) = self.document.current()
        {
            *self.reading = Reading { generation, analysis: analyse(blueprint) };
        }
    }

    pub fn analysis(&self) -> &Analysis {
        &self.reading.analysis
    }

    pub fn revision(&self) -> u64 {
        self.document.generation()
    }

    pub fn opened(&self) -> u64 {
        self.document.opened()
    }

    pub fn blueprint(&self) -> Option<&Blueprint> {
        self.document.current()
    }

    pub fn name(&self) -> &str {
        self.blueprint().map_or("", |blueprint| &blueprint.name)
    }

    /// The graph inside these groups.
    pub fn graph(&self, inside: &[BlockId]) -> Option<&Graph> {
        self.blueprint()?.graph_at(inside)
    }

    pub fn block(&self, path: &[BlockId]) -> Option<&Block> {
        self.blueprint()?.block_at(path)
    }

    pub fn is_group(&self, inside: &[BlockId], id: BlockId) -> bool {
        self.graph(inside).and_then(|graph| graph.block(id)).is_some_and(|block| block.inside.is_some())
    }

    /// The names of these groups, outermost first.
    pub fn names(&self, inside: &[BlockId]) -> Vec<String> {
        (1..=inside.len()).filter_map(|depth| Some(self.block(&inside[..depth])?.name.clone())).collect()
    }

    /// Why these ports cannot be joined; `None` where they can. A wire that is being moved does not count.
    pub fn refusal(
        &self,
        inside: &[BlockId],
        from: &Port,
        to: &Port,
        moved: Option<&Link>,
    ) -> Option<String> {
        let graph = self.graph(inside)?;
        if moved.is_some_and(|moved| moved.from == *from && moved.to == *to) {
            return None;
        }
        let without;
        let graph = match moved {
            Some(moved) => {
                let mut kept = graph.clone();
                kept.links.retain(|link| link != moved);
                without = kept;
                &without
            }
            None => graph,
        };
        edit::can_connect(graph, from, to).err().map(|error| error.to_string())
    }

    /// Does one action on the graph inside these groups; the error is a sentence for the user.
    fn act<T>(
        &mut self,
        inside: &[BlockId],
        label: &str,
        action: impl FnOnce(&mut Graph) -> Result<T, EditError>,
    ) -> Result<T, String> {
        let answer = self.document.act(label, |blueprint| edit::inside(blueprint, inside, action));
        self.read();
        told(answer)
    }

    /// Draws a wire, or moves one of which an end was taken off.
    pub fn connect(
        &mut self,
        inside: &[BlockId],
        from: &Port,
        to: &Port,
        moved: Option<&Link>,
    ) -> Result<(), String> {
        if moved.is_some_and(|moved| moved.from == *from && moved.to == *to) {
            return Ok(());
        }
        self.act(inside, "connect", |graph| {
            if let Some(moved) = moved {
                edit::disconnect(graph, &moved.to);
            }
            edit::connect(graph, from, to)
        })
    }

    pub fn disconnect(&mut self, inside: &[BlockId], link: &Link) -> Result<(), String> {
        self.act(inside, "disconnect", |graph| {
            edit::disconnect(graph, &link.to);
            Ok(())
        })
    }

    pub fn remove(&mut self, inside: &[BlockId], blocks: &[BlockId]) -> Result<(), String> {
        self.act(inside, "delete", |graph| edit::remove(graph, blocks))
    }

    /// Moves blocks, the only one of them into a wire where one is given.
    pub fn shift(
        &mut self,
        inside: &[BlockId],
        blocks: &[BlockId],
        by: Vec2,
        into: Option<&Link>,
    ) -> Result<(), String> {
        self.act(inside, if into.is_some() { "insert" } else { "move" }, |graph| {
            edit::move_by(graph, blocks, [by.x.round(), by.y.round()])?;
            insert(graph, blocks, into)
        })
    }

    /// Puts blocks there, the only one of them into a wire where one is given.
    pub fn place(
        &mut self,
        inside: &[BlockId],
        places: &[(BlockId, Pos2)],
        into: Option<&Link>,
    ) -> Result<(), String> {
        self.act(inside, if into.is_some() { "insert" } else { "move" }, |graph| {
            let whole = |(id, at): &(BlockId, Pos2)| (*id, [at.x.round(), at.y.round()]);
            edit::place(graph, &places.iter().map(whole).collect::<Vec<_>>())?;
            insert(graph, &places.iter().map(|(id, _)| *id).collect::<Vec<_>>(), into)
        })
    }

    pub fn align(&mut self, inside: &[BlockId], blocks: &[BlockId], to: Alignment) -> Result<(), String> {
        self.act(inside, "align", |graph| edit::align(graph, blocks, to, &cards::size_of))
    }

    pub fn distribute(&mut self, inside: &[BlockId], blocks: &[BlockId], along: Axis) -> Result<(), String> {
        self.act(inside, "distribute", |graph| edit::distribute(graph, blocks, along, &cards::size_of))
    }

    /// Lays out these blocks, or all where there are none.
    pub fn arrange(&mut self, inside: &[BlockId], blocks: &[BlockId]) -> Result<(), String> {
        self.act(inside, "arrange", |graph| edit::layout(graph, blocks, &cards::size_of))
    }

    /// Draws a frame around blocks; answers its place among the frames.
    pub fn add_frame(&mut self, inside: &[BlockId], blocks: &[BlockId]) -> Result<usize, String> {
        const PAD: Vec2 = Vec2::splat(24.0);
        self.act(inside, "frame", |graph| {
            let chosen = graph.blocks.iter().filter(|block| blocks.contains(&block.id));
            let rect =
                |block: &Block| Rect::from_min_size(block.position.into(), cards::size_of(block).into());
            let around = chosen.map(rect).reduce(Rect::union).ok_or(EditError::NoFrame)?;
            let corner = around.min - PAD - Vec2::new(0.0, FRAME_TITLE);
            let size = around.max + PAD - corner;
            edit::add_frame(graph, "Frame", corner.into(), size.into())
        })
    }

    pub fn move_frame_to(&mut self, inside: &[BlockId], frame: usize, corner: Pos2) -> Result<(), String> {
        self.act(inside, "move of a frame", |graph| {
            let at =
                graph.frames.get(frame).map(|frame| Pos2::from(frame.position)).ok_or(EditError::NoFrame)?;
            edit::move_frame(graph, frame, (corner - at).round().into())
        })
    }

    pub fn resize_frame(&mut self, inside: &[BlockId], frame: usize, rect: Rect) -> Result<(), String> {
        let rect = Rect::from_min_max(rect.min.round(), rect.max.round());
        self.act(inside, "resize", |graph| {
            edit::resize_frame(graph, frame, rect.min.into(), rect.size().into())
        })
    }

    pub fn rename_frame(&mut self, inside: &[BlockId], frame: usize, title: &str) -> Result<(), String> {
        self.act(inside, "rename", |graph| edit::rename_frame(graph, frame, title))
    }

    pub fn remove_frame(&mut self, inside: &[BlockId], frame: usize) -> Result<(), String> {
        self.act(inside, "removal of a frame", |graph| edit::remove_frame(graph, frame))
    }

    pub fn blocks_in_frame(&self, inside: &[BlockId], frame: usize) -> Vec<BlockId> {
        self.graph(inside).and_then(|graph| edit::in_frame(graph, frame).ok()).unwrap_or_default()
    }

    /// Gives blocks this activity, or takes it from them where all have it already.
    pub fn toggle(
        &mut self,
        inside: &[BlockId],
        blocks: &[BlockId],
        activity: Activity,
    ) -> Result<(), String> {
        let label = if activity == Activity::Muted { "mute" } else { "bypass" };
        self.act(inside, label, |graph| {
            let has = |id: &BlockId| graph.block(*id).is_some_and(|block| block.activity == activity);
            let wanted = if blocks.iter().all(has) { Activity::Active } else { activity };
            edit::set_activity(graph, blocks, wanted)
        })
    }

    pub fn dissolve(&mut self, inside: &[BlockId], blocks: &[BlockId]) -> Result<(), String> {
        self.act(inside, "dissolve", |graph| edit::dissolve(graph, blocks))
    }

    pub fn cut(&mut self, inside: &[BlockId], links: &[Link]) -> Result<(), String> {
        self.act(inside, "cut of wires", |graph| {
            edit::cut(graph, links);
            Ok(())
        })
    }

    /// Joins two blocks at the first ports that fit.
    pub fn join(&mut self, inside: &[BlockId], from: BlockId, to: BlockId) -> Result<(), String> {
        self.act(inside, "connect", |graph| edit::connect_blocks(graph, from, to))
    }

    pub fn paste(
        &mut self,
        inside: &[BlockId],
        clip: &Clip,
        corner: Pos2,
        with_links: bool,
    ) -> Result<Vec<BlockId>, String> {
        self.act(inside, "paste", |graph| {
            edit::paste(graph, clip, [corner.x.round(), corner.y.round()], with_links)
        })
    }

    pub fn duplicate(
        &mut self,
        inside: &[BlockId],
        blocks: &[BlockId],
        by: Vec2,
    ) -> Result<Vec<BlockId>, String> {
        self.act(inside, "duplicate", |graph| edit::duplicate(graph, blocks, by.into()))
    }

    pub fn group(&mut self, inside: &[BlockId], blocks: &[BlockId]) -> Result<BlockId, String> {
        self.act(inside, "group", |graph| edit::group(graph, blocks, "Group"))
    }

    pub fn ungroup(&mut self, inside: &[BlockId], group: BlockId) -> Result<Vec<BlockId>, String> {
        self.act(inside, "ungroup", |graph| edit::ungroup(graph, group))
    }

    /// Adds a block; `wire` is the port of a loose wire and whether it is an output, to be joined to the first port that takes it.
    pub fn add(
        &mut self,
        inside: &[BlockId],
        new: Added,
        at: Pos2,
        wire: Option<(Port, bool)>,
    ) -> Result<BlockId, String> {
        let at = [at.x.round(), at.y.round()];
        match new {
            Added::Kind(name) => self.add_with(inside, wire, |graph| edit::add_block(graph, name, at)),
            Added::Preset(name) => self.add_with(inside, wire, |graph| edit::add_preset(graph, name, at)),
            Added::Saved(path) => {
                let network = library::load(path).map_err(|error| error.to_string())?;
                self.add_with(inside, wire, |graph| {
                    library::insert(graph, &network, at).map_err(|error| EditError::Name(error.to_string()))
                })
            }
        }
    }

    fn add_with(
        &mut self,
        inside: &[BlockId],
        wire: Option<(Port, bool)>,
        add: impl FnOnce(&mut Graph) -> Result<BlockId, EditError>,
    ) -> Result<BlockId, String> {
        self.act(inside, "add", |graph| {
            let id = add(graph)?;
            if let (Some((port, is_output)), Some(block)) = (wire, graph.block(id).cloned()) {
                join(graph, &block, &port, is_output)?;
            }
            Ok(id)
        })
    }

    /// Saves the group at this path, or the whole network for an empty one, to the folder of blocks. Answers the file.
    pub fn save_block(&self, group: &[BlockId], folder: &Path) -> Result<PathBuf, String> {
        let blueprint = self.blueprint().ok_or("no blueprint is open")?;
        let network =
            if group.is_empty() { Ok(blueprint.clone()) } else { library::from_group(blueprint, group) };
        network.and_then(|network| library::save(folder, &network)).map_err(|error| error.to_string())
    }

    pub fn rename(&mut self, inside: &[BlockId], block: BlockId, name: &str) -> Result<(), String> {
        self.act(inside, "rename", |graph| edit::rename(graph, block, name))
    }

    /// Sets a parameter. What comes of one drag over a number field is one step.
    pub fn set_parameter(&mut self, path: &[BlockId], name: &str, value: Parameter) -> Result<(), String> {
        let Some((&block, inside)) = path.split_last() else { return Ok(()) };
        let answer =
            self.document.act_on("change of a parameter", &format!("{path:?} {name}"), |blueprint| {
                edit::inside(blueprint, inside, |graph| edit::set_parameter(graph, block, name, value))
            });
        self.read();
        told(answer)
    }

    /// Does what mends a fault.
    pub fn mend(&mut self, mend: &Mend) -> Result<(), String> {
        let answer = self.document.act("mend", |blueprint| edit::mend(blueprint, mend));
        self.read();
        told(answer)
    }

    /// Ends a step that came in parts, once the field is let go.
    pub fn settle_after(&mut self, response: &Response) {
        if response.drag_stopped() || response.lost_focus() {
            self.document.settle();
        }
    }
}

fn insert(graph: &mut Graph, blocks: &[BlockId], into: Option<&Link>) -> Result<(), EditError> {
    match (blocks, into) {
        ([block], Some(link)) => edit::insert_into(graph, link, *block),
        _ => Ok(()),
    }
}

/// The refusal as a sentence for the user.
fn told<T>(answer: Option<Result<T, EditError>>) -> Result<T, String> {
    match answer {
        Some(answer) => answer.map_err(|error| error.to_string()),
        None => Err("no blueprint is open".to_owned()),
    }
}

/// Joins a loose wire to the first port of a new block that takes it.
fn join(graph: &mut Graph, block: &Block, port: &Port, is_output: bool) -> Result<(), EditError> {
    let ends = |other: String| {
        let other = Port { block: block.id, port: other };
        if is_output { (port.clone(), other) } else { (other, port.clone()) }
    };
    let ports = if is_output { catalogue::inputs_of(block) } else { catalogue::outputs_of(block) };
    let fits = |(from, to): &(Port, Port)| edit::can_connect(graph, from, to).is_ok();
    match ports.into_iter().map(|info| ends(info.name)).find(fits) {
        Some((from, to)) => edit::connect(graph, &from, &to),
        None => Ok(()),
    }
}
