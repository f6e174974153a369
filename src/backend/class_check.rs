//! Whether class indices are those of classes, where the host can see it without waiting.

use super::{path::is_cpu, row::SoftmaxRow};
use crate::error::{Checked, NoClass, strange_class};
use burn::tensor::{Int, Tensor};

/// Which class indices a loss takes.
#[derive(Clone, Copy)]
pub(crate) struct ClassesWanted<'a> {
    /// The name of the loss in messages.
    pub loss: &'a str,
    /// What each is called there.
    pub name: &'a str,
    /// How many classes there are.
    pub count: usize,
    /// What stands for no class.
    pub no_class: NoClass,
    /// How many there are for each weight, one after the other.
    pub per_weight: usize,
}

impl<'a> ClassesWanted<'a> {
    /// Targets, each the index of a class or the index that stands for none.
    pub fn targets(loss: &'a str, count: usize, ignore_index: Option<i64>) -> Self {
        Self {
            loss,
            name: "target",
            count,
            no_class: NoClass::Index(ignore_index),
            per_weight: 1,
        }
    }

    pub fn of_row(row: &'a SoftmaxRow, count: usize) -> Self {
        Self::targets(row.loss, count, row.ignore_index)
    }

    fn is_strange(&self, class: i64) -> bool {
        let is_one = usize::try_from(class).is_ok_and(|class| class < self.count);
        !is_one && self.no_class.index() != Some(class)
    }
}

/// Whether each class that counts is in range. The shape is that in which classes, or their samples, were given. Looks on a CPU.
pub(crate) fn check_classes<const D: usize>(
    wanted: ClassesWanted<'_>,
    (classes, shape): (&Tensor<D, Int>, &[usize]),
    weights: Option<&Tensor<D>>,
) -> Checked {
    let found = strangers(wanted, classes);
    if found.is_empty() {
        return Ok(());
    }
    // Rows of weight 0 may hold anything.
    let weights = weights.map(|weights| weights.to_data().iter::<f64>().collect::<Vec<_>>());
    let is_weightless = |place: usize| weights.as_ref().is_some_and(|list| list[place] == 0.0);
    let places = found
        .into_iter()
        .map(|(index, class)| (index / wanted.per_weight, class));
    let Some((place, class)) = places.into_iter().find(|&(place, _)| !is_weightless(place)) else {
        return Ok(());
    };
    let ClassesWanted {
        loss,
        name,
        count,
        no_class,
        ..
    } = wanted;
    let place = (place, shape);
    Err(strange_class(loss, name, place, class, count, no_class))
}

/// The rows whose class is out of range, and that class.
fn strangers<const D: usize>(
    wanted: ClassesWanted<'_>,
    classes: &Tensor<D, Int>,
) -> Vec<(usize, i64)> {
    let is_strange = |class: i64| wanted.is_strange(class);
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    {
        let classes = classes.clone().without_autodiff();
        #[cfg(feature = "flex")]
        if let Some(found) = found_by::<burn::backend::Flex, D>(&classes, &is_strange) {
            return found;
        }
        #[cfg(feature = "ndarray")]
        #[allow(deprecated)] // Burn will drop it; until then it is served.
        if let Some(found) = found_by::<burn::backend::NdArray, D>(&classes, &is_strange) {
            return found;
        }
    }
    if !is_cpu(&classes.device()) {
        return Vec::new();
    }
    let all = classes.to_data();
    let all = all.iter::<i64>().enumerate();
    all.filter(|&(_, class)| is_strange(class)).collect()
}

/// What is found among the class indices, if they are those of this backend.
#[cfg(any(feature = "flex", feature = "ndarray"))]
fn found_by<B: super::host::HostIndices, const D: usize>(
    classes: &Tensor<D, Int>,
    is_wanted: &(dyn Fn(i64) -> bool + Sync),
) -> Option<Vec<(usize, i64)>>
where
    burn::backend::DispatchTensor: burn::backend::DispatchKindConversion<B>,
{
    let primitive = classes.clone().try_into_primitive::<B>().ok()?;
    Some(B::view(&B::readable(primitive)).find(is_wanted))
}
