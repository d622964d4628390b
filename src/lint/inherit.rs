//! What a stage hands on to those that start from it, shared until one of them changes it.

use std::rc::Rc;

/// Entries that stages may copy in all. A chain of thousands of stages, each with a variable of its own, would take
/// time and memory with the square of its length; past this, a stage that changes what it inherits forgets it first.
const MAX_COPIED: usize = 1_000_000;

/// How much may still be copied.
#[derive(Debug)]
pub(crate) struct Copies {
    left: usize,
}

impl Default for Copies {
    fn default() -> Self {
        Self { left: MAX_COPIED }
    }
}

impl Copies {
    /// `value`, to be changed. It has as many entries as `size` says.
    pub(crate) fn own<'v, T: Clone + Default>(
        &mut self,
        value: &'v mut Rc<T>,
        size: impl Fn(&T) -> usize,
    ) -> &'v mut T {
        if Rc::get_mut(value).is_none() {
            match self.left.checked_sub(size(value)) {
                Some(left) => self.left = left,
                None => *value = Rc::default(),
            }
        }
        Rc::make_mut(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_shared_is_copied_and_not_without_end() {
        let mut copies = Copies { left: 3 };
        let mut mine = Rc::new(vec![1, 2]);
        copies.own(&mut mine, Vec::len).push(3);
        assert_eq!((mine.len(), copies.left), (3, 3));
        let kept = Rc::clone(&mine);
        copies.own(&mut mine, Vec::len).push(4);
        assert_eq!((mine.len(), kept.len(), copies.left), (4, 3, 0));
        let kept = Rc::clone(&mine);
        copies.own(&mut mine, Vec::len).push(5);
        assert_eq!((mine.as_slice(), kept.len()), (&[5][..], 4));
    }
}
