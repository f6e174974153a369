//! Head, middle and tail: which classes are frequent in training and which are rare.

use serde::Serialize;

/// A part of the classes, by their place in the order from frequent to rare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// The three most frequent classes.
    Head,
    /// The four classes between head and tail.
    Middle,
    /// The three rarest classes.
    Tail,
}

impl Group {
    pub const ALL: [Self; 3] = [Self::Head, Self::Middle, Self::Tail];

    /// The group of a class; the classes are numbered from the most frequent to the rarest.
    pub fn of(class: usize) -> Self {
        match class {
            0..3 => Self::Head,
            3..7 => Self::Middle,
            _ => Self::Tail,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Middle => "middle",
            Self::Tail => "tail",
        }
    }

    /// Which classes belong to it, and how often they occur in training.
    pub fn describe(self, class_counts: &[usize]) -> String {
        let members = class_counts.iter().enumerate();
        let members: Vec<_> = members
            .filter(|(class, _)| Self::of(*class) == self)
            .collect();
        let (Some((first, most)), Some((last, least))) = (members.first(), members.last()) else {
            return format!("{}: no class", self.name());
        };
        format!(
            "{}: digits {first} to {last}, {most} to {least} in training",
            self.name()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::class_counts;

    #[test]
    fn a_group_says_what_belongs_to_it() {
        let texts = Group::ALL.map(|group| group.describe(&class_counts()));
        assert_eq!(texts[0], "head: digits 0 to 2, 100 to 42 in training");
        assert_eq!(texts[1], "middle: digits 3 to 6, 27 to 7 in training");
        assert_eq!(texts[2], "tail: digits 7 to 9, 5 to 2 in training");
    }
}
