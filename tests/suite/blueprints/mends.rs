//! Each mend that is offered mends.

use super::kinds::through;
use aquila::blueprint::{Blueprint, Severity, analyse, edit};

/// Does what the first error proposes until nothing is proposed: each time that error must be gone. Gives what was proposed.
fn mended(document: &mut Blueprint) -> Vec<String> {
    let mut done = Vec::new();
    while let Some(fault) = analyse(document).errors().find(|fault| fault.mend.is_some()).cloned() {
        let mend = fault.mend.as_ref().expect("filtered");
        edit::mend(document, mend).expect("what is proposed can be done");
        done.push(fault.fix.clone().expect("a mend has words"));
        assert!(!analyse(document).faults.contains(&fault), "still there: {fault} after {:?}", fault.fix);
        assert!(done.len() < 12, "{done:?}");
    }
    done
}

#[test]
fn every_fault_with_a_mend_is_mended() {
    let table: &[(&str, &str, &str, &[&str])] = &[
        (
            "map 3x8x8",
            "linear",
            "",
            &["Insert a flatten (or a global pool, which keeps one value for each channel)"],
        ),
        ("vector 9", "convolution", "", &["Insert a reshape to a sequence of 9 steps"]),
        (
            "map 32x8x8",
            "spectral-moments",
            "",
            &["Insert a reshape that takes the map's channels for the cube's velocities"],
        ),
        (
            "vector 9, map 3x8x8",
            "attention-gate",
            "",
            &["Insert a reshape to a map of one pixel", "Insert an upsample by 8 at gate"],
        ),
        ("sequence 8x8, map 3x8x8", "attention-gate", "", &["Insert a reshape to a map of one channel"]),
        (
            "map 3x8x8, map 5x4x4",
            "film",
            "",
            &["Insert a global pool: one value for each channel", "Insert a linear map to 6 features"],
        ),
        ("map 4x8x8, map 2x4x4", "concatenate", "", &["Insert an upsample by 2 at in2"]),
        ("map 4x4x4, map 2x8x8", "concatenate", "", &["Insert an upsample by 2 at in1"]),
        ("map 4x9x8, map 2x8x8", "concatenate", "", &["Insert a crop of in1 to the size on in2"]),
        ("map 4x8x8, map 2x9x11", "concatenate", "", &["Insert a crop of in2 to the size on in1"]),
        ("map 4x8x8, vector 7", "concatenate", "", &["Insert a flatten at in1"]),
        ("vector 7, map 4x8x8", "concatenate", "", &["Insert a flatten at in2"]),
        ("map 4x8x8, map 6x8x8", "add", "", &["Insert a 1×1 convolution with 4 filters"]),
        (
            "cube 4x8x8x8, cube 6x4x4x4",
            "multiply",
            "",
            &["Insert an upsample by 2 at in2", "Insert a 1×1 convolution with 4 filters"],
        ),
        ("map 4x8x8, vector 6", "add", "", &["Insert a linear map to 4 features"]),
        ("map 4x8x8", "convolution", "groups=3", &["Set groups to 1"]),
        ("map 4x8x8", "convolution", "groups=4 filters=6", &["Set filters to 8"]),
        ("map 4x2x2", "convolution", "kernel=7 padding=0", &["Set padding to 3"]),
        ("map 4x1x1", "convolution", "kernel=2", &["Set padding to 1"]),
        ("map 4x1x1", "transposed-convolution", "padding=5", &["Set padding to 0"]),
        ("map 48x8x8", "group-norm", "", &["Set groups to 16"]),
        ("vector 32", "group-norm", "", &["Set groups to 1"]),
        ("map 12x8x8", "self-attention", "", &["Set heads to 4"]),
        ("map 4x8x8", "select-channels", "start=9 count=9", &["Set start to 3 and count to 1"]),
        ("map 4x8x9", "crop", "amount=6", &["Set amount to 3"]),
        ("map 4x8x9", "pad", "amount=8 fill=reflect", &["Set fill to replicate"]),
        ("map 4x8x8", "reshape", "", &["Set sizes to 4×8×8"]),
        ("map 4x8x8", "reshape", "to=sequence sizes=32×9", &["Set sizes to 64×4"]),
        ("vector 12", "reshape", "to=cube sizes=2×nonsense", &["Set sizes to 1×2×2×3"]),
        ("map 4x8x8", "kan-convolution", "kernel=4", &["Set kernel to 3"]),
        ("map 4x8x8", "kan-convolution", "functions=1", &["Set functions to 2"]),
        ("map 4x8x8", "kan", "sums=0", &["Set sums to 1"]),
        ("cube 1x9x8x8", "spectral-moments", "moments=8", &["Set moments to 5"]),
        ("cube 1x9x8x8", "spectral-moments", "velocity_step_km_s=0", &["Set velocity step to auto"]),
        ("cube 1x9x8x8", "spectral-moments", "first_velocity_km_s=12.8", &["Set first velocity to auto"]),
        (
            "map 1x7x9",
            "max-pool",
            "",
            &["Give “Input 1” a height and width divisible by 2, such as height 6 or 8 and width 8 or 10"],
        ),
        (
            "sequence 13x4",
            "average-pool",
            "kernel=3",
            &["Give “Input 1” a length divisible by 3, such as 12 or 15"],
        ),
        (
            "cube 1x9x9x9",
            "max-pool",
            "",
            &["Give “Input 1” a depth, height and width divisible by 2, such as 8 or 10"],
        ),
        ("map 1x8x8", "max-pool", "kernel=3 stride=2", &["Drop the remainder"]),
        ("map 1x8x8", "noise", "deviation=-1 when=never", &["Set deviation to 0.1", "Set when to training"]),
    ];
    for (inputs, kind, parameters, expected) in table {
        let mut document = through(inputs, kind, parameters);
        assert_eq!(mended(&mut document), *expected, "{kind} {parameters} on {inputs}");
        assert_eq!(analyse(&document).faults, [], "{kind} {parameters} on {inputs}");
    }
}

/// What no single change can mend says at least what to do.
#[test]
fn the_other_faults_say_what_to_do() {
    let table = [
        ("map 4x8x9, map 4x9x8", "concatenate", "", "Bring both to one size before they meet"),
        (
            "map 4x8x8, map 4x9x9",
            "crop-like",
            "",
            "Swap the two wires, or bring the first to a larger size before",
        ),
        ("map 1x8x8", "layer-norm", "", "Use a batch norm, or take more filters before it"),
        ("map 4x1x1", "instance-norm", "", "Use a batch or layer norm, or pool less before it"),
        ("map 4x3x3", "max-pool", "kernel=4", "Take a smaller kernel, or pool less before it"),
        ("cube 1x1x8x8", "spectral-moments", "", "Give the input as many velocities as the cube has"),
        ("map 8x2000x2000", "self-attention", "", "Pool before it, or use it deeper in the network"),
        ("vector 65536", "linear", "features=65536", ""),
    ];
    for (inputs, kind, parameters, fix) in table {
        let analysis = analyse(&through(inputs, kind, parameters));
        let fixes: Vec<_> = analysis.errors().map(|fault| fault.fix.as_deref().unwrap_or_default()).collect();
        let expected: &[&str] = if fix.is_empty() { &[] } else { &[fix] };
        assert_eq!(fixes, expected, "{kind} {parameters} on {inputs}");
    }
}

/// A size behind a convolution that does not keep it is not the user's to choose: pixels are added before the pool, and what is
/// then too large for the skip is cut.
#[test]
fn a_u_net_of_a_strange_size_becomes_valid_by_clicks() {
    let mut document = super::unet(aquila::blueprint::UnetOptions {
        levels: 3,
        base_filters: 4,
        height: 53,
        width: 41,
        ..Default::default()
    });
    let first = document.graph.links.iter().find(|link| link.to.port == "in").expect("a wire").to.clone();
    let valid_padding = ("padding".to_owned(), 0.into());
    edit::insert_before(&mut document.graph, &first, "convolution", &[valid_padding]).expect("a wire");
    let done = mended(&mut document);
    assert!(done[0].starts_with("Insert a pad to a multiple of 8"), "{done:?}");
    let analysis = analyse(&document);
    assert!(analysis.faults.iter().all(|fault| fault.severity == Severity::Warning), "{:?}", analysis.faults);
}
