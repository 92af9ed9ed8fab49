//! Muted and bypassed blocks in the opened document. Its structure is that of all blocks, so that a circle is one whatever is muted;
//! what takes no part is taken out of it here.

use super::catalogue::Inputs;
use super::edit::can_be_bypassed;
use super::flat::{Flat, Part, Slot};
use super::walk::{consumers, is_port};

impl Flat<'_> {
    /// Leads the first input of each bypassed group to its outputs, besides what feeds them inside.
    pub(super) fn lead_past_bypassed_groups(&mut self) {
        for (group, entry, exits) in self.bypassed_groups() {
            let Some(entry) = entry else {
                self.report_bypass(group);
                continue;
            };
            for exit in exits {
                let way = Slot { source: Some(entry), ..Slot::new("") };
                self.nodes[exit].slots.push(way);
            }
        }
    }

    /// The bypassed groups, with the first port in and all ports out.
    fn bypassed_groups(&self) -> Vec<(usize, Option<usize>, Vec<usize>)> {
        let bypassed = self.inside.iter().filter(|&(&group, _)| self.nodes[group].part == Part::Bypassed);
        let mut groups: Vec<_> = bypassed
            .map(|(&group, &scope)| {
                let scope = &self.scopes[scope];
                (group, scope.entries.values().min().copied(), scope.exits.values().copied().collect())
            })
            .collect();
        groups.sort_by_key(|(group, ..)| *group);
        groups
    }

    fn report_bypass(&mut self, node: usize) {
        let message = "It is bypassed, but has no input to hand on, or no output".to_owned();
        self.report(node, "bad-bypass", message).fix = Some("Make it active again".to_owned());
    }

    /// Takes out what is muted. Where that leaves one of several counted inputs empty the others remain.
    pub(super) fn honour_activity(&mut self) {
        for (_, entry, exits) in self.bypassed_groups() {
            for exit in exits.into_iter().filter(|_| entry.is_some()) {
                self.nodes[exit].slots.retain(|slot| slot.port.is_empty());
            }
        }
        for index in 0..self.nodes.len() {
            let node = &mut self.nodes[index];
            if node.part == Part::Bypassed && node.block.kind != "group" && node.kind.is_some() {
                node.slots.truncate(1);
                if !can_be_bypassed(node.block) {
                    self.report_bypass(index);
                }
            }
        }
        let muted_by = self.spread_absence();
        for index in 0..self.nodes.len() {
            let node = &mut self.nodes[index];
            for slot in &mut node.slots {
                slot.muted = slot.source.and_then(|source| muted_by[source]);
                if slot.muted.is_some() || node.part == Part::Absent {
                    slot.source = None;
                }
            }
            let is_counted = node.kind.is_some_and(|kind| matches!(kind.inputs, Inputs::Counted { .. }));
            if is_counted && node.slots.iter().any(|slot| slot.muted.is_none()) {
                node.slots.retain(|slot| slot.muted.is_none());
            }
        }
    }

    /// For each absent node the muted one that is to blame. What only hands on a value that is not there is absent, too.
    fn spread_absence(&mut self) -> Vec<Option<usize>> {
        let consumers = consumers(&self.nodes);
        let mut muted_by: Vec<Option<usize>> = vec![None; self.nodes.len()];
        let mut open: Vec<usize> =
            (0..self.nodes.len()).filter(|&index| self.nodes[index].part == Part::Absent).collect();
        open.iter().for_each(|&index| muted_by[index] = Some(index));
        while let Some(index) = open.pop() {
            for &next in &consumers[index] {
                let node = &mut self.nodes[next];
                let hands_on = is_port(node) || node.part == Part::Bypassed;
                let by_this = node.slots.first().is_some_and(|slot| slot.source == Some(index));
                if hands_on && by_this && muted_by[next].is_none() {
                    node.part = Part::Absent;
                    muted_by[next] = muted_by[index];
                    open.push(next);
                }
            }
        }
        muted_by
    }
}
