//! Whose turn it is among things that are done one at a time. Pure; [`crate::hooks::use_act`] brings requests to it.

/// What becomes of something that is asked for while another is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfBusy {
    /// Nothing: what was tapped shows that it is busy, and a sale is not made twice.
    Ignore,
    /// It comes after, and only the latest of those that wait. What it takes the place of is not shown any more.
    Supersede,
    /// It comes after, whatever the one before led to: a way back stays one.
    Wait,
}

/// One that is under way, and one that waits.
#[derive(Debug)]
pub struct Turns<T> {
    running: Option<IfBusy>,
    waiting: Option<(T, IfBusy)>,
}

impl<T> Default for Turns<T> {
    fn default() -> Self {
        Self {
            running: None,
            waiting: None,
        }
    }
}

impl<T> Turns<T> {
    /// What to begin now.
    pub fn ask(&mut self, one: T, if_busy: IfBusy) -> Option<T> {
        if self.running.is_none() {
            self.running = Some(if_busy);
            return Some(one);
        }
        if if_busy != IfBusy::Ignore {
            self.waiting = Some((one, if_busy));
        }
        None
    }

    /// The one under way has its answer: whether that is still wanted, and what to begin next.
    pub fn end(&mut self) -> (bool, Option<T>) {
        let ended = self.running.take();
        let Some((next, if_busy)) = self.waiting.take() else {
            return (true, None);
        };
        self.running = Some(if_busy);
        let is_superseded = ended == Some(IfBusy::Supersede) && if_busy == IfBusy::Supersede;
        (!is_superseded, Some(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_tap_does_nothing_until_the_first_has_its_answer() {
        let mut turns = Turns::default();
        assert_eq!(turns.ask("sell", IfBusy::Ignore), Some("sell"));
        assert_eq!(turns.ask("sell", IfBusy::Ignore), None);
        assert_eq!(turns.ask("sell by M-Pesa", IfBusy::Ignore), None);
        assert_eq!(turns.end(), (true, None));
        assert_eq!(turns.ask("sell", IfBusy::Ignore), Some("sell"));
    }

    #[test]
    fn of_several_choices_the_latest_is_carried_out_and_alone_is_shown() {
        let mut turns = Turns::default();
        assert_eq!(turns.ask("a", IfBusy::Supersede), Some("a"));
        assert_eq!(turns.ask("b", IfBusy::Supersede), None);
        assert_eq!(turns.ask("c", IfBusy::Supersede), None);
        assert_eq!(turns.end(), (false, Some("c")));
        // Still under way, so that nothing begins beside it.
        assert_eq!(turns.ask("d", IfBusy::Ignore), None);
        assert_eq!(turns.end(), (true, None));
    }

    #[test]
    fn a_way_back_comes_after_and_takes_no_answer_away() {
        let mut turns = Turns::default();
        assert_eq!(turns.ask("remove", IfBusy::Ignore), Some("remove"));
        assert_eq!(turns.ask("undo", IfBusy::Wait), None);
        assert_eq!(turns.end(), (true, Some("undo")));
        assert_eq!(turns.end(), (true, None));
    }
}
