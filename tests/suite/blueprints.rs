//! Blueprints as a user meets them: the sizes of the literature, the faults and their words, files, editing.

use aquila::blueprint::{UnetOptions, analyse, plan, template};

fn unet(options: UnetOptions) -> aquila::blueprint::Blueprint {
    template("unet", &options).expect("the options are within their limits")
}

/// Sizes of the published network, counted by running the original Python.
#[test]
fn unet_has_the_published_sizes() {
    let count = |double, attention| {
        let blueprint = unet(UnetOptions { double, attention, ..UnetOptions::default() });
        let analysis = analyse(&blueprint);
        assert_eq!(analysis.faults, [], "double {double}, attention {attention}");
        analysis.parameters
    };
    assert_eq!(count(false, true), 15_681_005);
    assert_eq!(count(true, true), 31_393_901);
    assert_eq!(count(true, false), 31_042_369);
    assert_eq!(count(false, false), 15_329_473);
}

#[test]
fn unet_sizes_follow_levels_and_filters() {
    let table = [
        (8, [14_835, 61_350, 246_537, 985_548]),
        (32, [232_119, 971_130, 3_923_709, 15_727_104]),
        (80, [1_444_287, 6_056_610, 24_497_253, 98_242_536]),
    ];
    for (base_filters, counts) in table {
        for (levels, count) in (2..).zip(counts) {
            let blueprint = unet(UnetOptions { levels, base_filters, ..UnetOptions::default() });
            assert_eq!(analyse(&blueprint).parameters, count, "{levels} levels of {base_filters}");
        }
    }
}

#[test]
fn plan_is_in_an_order_that_can_be_computed() {
    let plan = plan(&unet(UnetOptions::default())).expect("the template is sound");
    for (index, step) in plan.steps.iter().enumerate() {
        assert!(step.inputs.iter().all(|&input| input < index), "{}", step.name);
    }
    assert_eq!(plan.inputs.len(), 1);
    assert_eq!(plan.outputs.len(), 1);
    assert_eq!(plan.steps[plan.outputs[0]].shape.to_string(), "1×128²");
}
