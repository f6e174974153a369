//! Choices on the command line, such as which losses to compare.

use clap::ValueEnum;

/// What a choice is called there.
pub fn name(choice: &impl ValueEnum) -> String {
    let value = choice.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().into())
}

/// The choices that were made, each once; all of them where none was made.
pub fn chosen<T: ValueEnum + PartialEq>(choices: &[T]) -> impl Iterator<Item = T> {
    let all = T::value_variants().iter();
    all.filter(|one| choices.is_empty() || choices.contains(one))
        .cloned()
}
