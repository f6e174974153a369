//! An argument that does not fit is refused where it is given.

use burn::tensor::{Device, Int, Tensor};
use burn_losses::*;
use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, Location, catch_unwind, set_hook, take_hook},
    sync::Once,
};

thread_local! {
    /// Where this thread panicked, if that is looked for.
    static PLACE: RefCell<Option<Option<String>>> = const { RefCell::new(None) };
}

/// The file and the line of the panic of `f`.
#[track_caller]
fn place<T>(f: impl FnOnce() -> T) -> String {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |info| {
            let is_looked_for = PLACE.with_borrow_mut(|place| match place {
                Some(place) => {
                    *place = info.location().map(shown);
                    true
                }
                None => false,
            });
            if !is_looked_for {
                others(info);
            }
        }));
    });
    PLACE.set(Some(None));
    let outcome = catch_unwind(AssertUnwindSafe(f));
    let found = PLACE.replace(None).flatten();
    assert!(outcome.is_err(), "there was no panic");
    found.expect("a place")
}

fn shown(location: &Location) -> String {
    format!("{}:{}", location.file(), location.line())
}

/// Panics unless `f` panics in the line this is called in.
#[track_caller]
pub fn assert_here<T>(f: impl FnOnce() -> T) {
    assert_eq!(place(f), shown(Location::caller()));
}

#[test]
fn arguments_are_refused_where_they_are_given() {
    let device: Device = crate::support::sites()[0].device.clone();
    let zeros = |count, width| Tensor::<2>::zeros([count, width], &device);
    let labels = |count: usize| Tensor::<1, Int>::zeros([count], &device);
    let weights = |count: usize| Tensor::<1>::ones([count], &device);

    let clip = ClipLossConfig::new().init(&device);
    assert_here(|| clip.forward(zeros(3, 2), zeros(2, 2)));
    assert_here(|| clip.forward_no_reduction(zeros(3, 2), zeros(2, 2)));
    assert_here(|| clip.on(zeros(3, 2), zeros(2, 2)));
    let fitting = || clip.on(zeros(3, 2), zeros(3, 2));
    assert_here(|| fitting().weights(weights(4)).reduce());
    assert_here(|| fitting().divided_by(f64::NAN));
    assert_here(|| fitting().divided_by(weights(2)));

    let views = NtXentLossConfig::new().init(&device);
    assert_here(|| views.on(zeros(3, 2), zeros(3, 2)).weights(weights(3)));
    assert!(
        views
            .on(zeros(3, 2), zeros(3, 2))
            .weights(weights(6))
            .each()
            .dims()
            == [6]
    );

    let keys = InfoNceLossConfig::new().init(&device);
    assert_here(|| keys.on(zeros(3, 2), zeros(2, 2)));
    let keyed = || keys.on(zeros(3, 2), zeros(4, 2));
    assert_here(|| keyed().offset(2).reduce());
    assert_here(|| keyed().negatives(zeros(5, 2)).reduce());
    let keyed = || keys.on(zeros(3, 2), zeros(3, 2));
    assert_here(|| keyed().negatives(zeros(5, 3)).reduce());

    let circle = CircleLossConfig::new().init();
    assert_here(|| circle.forward(zeros(3, 2), labels(2)));
    let labelled = || circle.on(zeros(3, 2), labels(3));
    assert_here(|| labelled().reference(zeros(4, 3), labels(4)).reduce());
    assert_here(|| labelled().reference(zeros(4, 2), labels(3)).reduce());

    let triplet = TripletLossConfig::new().init();
    let mined = || triplet.on(zeros(3, 2), labels(3));
    assert_here(|| mined().reference(zeros(4, 3), labels(4)).reduce());
    let list = |index: i64| Tensor::<1, Int>::from_ints([index], &device);
    let triplets = |anchor, negative| Triplets {
        anchors: list(anchor),
        positives: list(0),
        negatives: list(negative),
    };
    assert_here(|| mined().triplets(triplets(0, 3)).reduce());
    assert_here(|| triplet.on_triplets(zeros(3, 2), triplets(0, 3)));
    assert_here(|| triplet.on_triplets(zeros(3, 0), triplets(0, 0)));
    let among = || mined().reference(zeros(4, 2), labels(4));
    assert_here(|| among().triplets(triplets(3, 0)).reduce());
    assert_eq!(among().triplets(triplets(0, 3)).each().dims(), [3]);

    let proxies = ArcFaceLossConfig::new(2, 2).init(&device);
    assert_here(|| proxies.forward(zeros(3, 2), labels(3) + 2));
    assert_here(|| proxies.on(zeros(3, 2), labels(3) + 2).each());
    assert_here(|| proxies.on(zeros(3, 2), labels(3) + 2).divided_by(2));
    assert_here(|| proxies.forward(zeros(3, 3), labels(3)));
    let anchor = ProxyAnchorLossConfig::new(2, 2).init(&device);
    assert_here(|| anchor.forward(zeros(3, 2), labels(3) - 1));

    // Masks, images and lists, whose arguments are looked at by the last word, too.
    let dice = DiceLossConfig::new().init();
    let logits = || Tensor::<3>::zeros([1, 2, 3], &device);
    let strange = || Tensor::<2, Int>::from_ints([[0, 1, 2]], &device);
    assert_here(|| dice.forward(logits(), strange()));
    assert_here(|| dice.on(logits(), strange()).each());
    assert_here(|| dice.on(logits(), strange()).weights(weights(3)));
    let masks = ClDiceLossConfig::new().init();
    assert_here(|| masks.on(logits(), strange()));
    let image = || Tensor::<4>::zeros([1, 1, 4, 4], &device);
    let similarity = SsimLossConfig::new(1.0).init();
    assert_here(|| similarity.forward(image(), image()));
    assert_here(|| similarity.on(image(), image()));
    let margin = MultiMarginLossConfig::new().init();
    assert_here(|| margin.forward(zeros(3, 2), labels(3) + 2));
    let labelled = MultiLabelSoftMarginLossConfig::new().init();
    // Numbers are looked at in debug builds alone.
    if cfg!(debug_assertions) {
        assert_here(|| labelled.forward(zeros(3, 2), zeros(3, 2) + 2.0));
        assert_here(|| labelled.on(zeros(3, 2), zeros(3, 2) - 1.0).each());
    }

    // Each loss of a sum looks at its own.
    let sum = |targets| {
        dice.on(logits(), Tensor::<2, Int>::zeros([1, 3], &device))
            .plus(0.5, dice.on(logits(), targets))
    };
    assert_here(|| sum(strange()).reduce());
    assert_here(|| sum(strange()).each());
    let ignored = || sum(strange()).weights(weights(1) * 0.0);
    assert_eq!(ignored().each().dims(), [1]);
    let fits = MultiMarginLossConfig::new().init();
    let by_class = |labels| margin.on(zeros(3, 2), labels);
    let both = || by_class(labels(3)).plus(1.0, fits.on(zeros(3, 2), labels(3) + 2));
    assert_here(|| both().reduce());
}
