//! From the network's outputs to boxes, and how good these are.

use burn::tensor::{Device, Tensor, activation::sigmoid};
use burn_losses::ElementwiseLoss;
use support::digits::CLASSES;

use crate::{
    anchors,
    boxes::{BoundingBox, decode},
    network::{Predictions, RetinaNet},
    scene::{Object, SIDE, Scene, images},
    targets::Targets,
};

/// Detections less probable than this do not enter suppression, nor more than so many of a scene.
const MIN_SCORE: f32 = 0.05;
const MAX_CANDIDATES: usize = 300;

/// Of two detections of one class that overlap more than this, the less probable one goes. A detection finds an object of
/// its class that it overlaps at least this much.
const SAME_IOU: f32 = 0.5;

/// A background anchor is easy where no class is as probable as this.
pub const EASY_PROBABILITY: f32 = 0.1;

/// Scenes that go through the network at once.
const BATCH: usize = 20;

/// A box with a class and a probability.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    pub bounds: BoundingBox,
    pub class: usize,
    pub score: f32,
}

impl Detection {
    fn new(bounds: BoundingBox, class: usize, score: f32) -> Self {
        Self {
            bounds,
            class,
            score,
        }
    }
}

/// The fixed things an evaluation needs: scenes, anchors and a device without autodiff, where the models have to be.
pub struct TestBench<'a> {
    pub scenes: &'a [Scene],
    pub anchors: &'a [BoundingBox],
    pub device: &'a Device,
}

impl TestBench<'_> {
    /// The detections of every scene, the most probable first.
    pub fn detections(&self, model: &RetinaNet) -> Vec<Vec<Detection>> {
        let mut found = Vec::with_capacity(self.scenes.len());
        for scenes in self.scenes.chunks(BATCH) {
            let Predictions { logits, offsets } = model.forward(images(scenes, self.device));
            let sides = anchors::sides(self.anchors, scenes.len(), self.device);
            let [scores, boxes] = [sigmoid(logits), decode(offsets, sides)]
                .map(|tensor| tensor.into_data().iter::<f32>().collect::<Vec<_>>());
            let scores = scores.chunks_exact(self.anchors.len() * CLASSES);
            let boxes = boxes.chunks_exact(self.anchors.len() * 4);
            let scenes = scores.zip(boxes);
            found.extend(scenes.map(|(scores, boxes)| detect(scores, boxes, self.anchors)));
        }
        found
    }

    /// AP@0.5 of detections of these scenes, averaged over the classes that occur.
    pub fn average_precision(&self, detections: &[Vec<Detection>]) -> f64 {
        let objects: Vec<_> = self.scenes.iter().map(|scene| &scene.objects[..]).collect();
        let classes =
            (0..CLASSES).filter_map(|class| average_precision(class, detections, &objects));
        let scores: Vec<f64> = classes.collect();
        scores.iter().sum::<f64>() / scores.len().max(1) as f64
    }

    /// Share of the classification loss that easy background carries.
    pub fn easy_background_share(&self, model: &RetinaNet, loss: &ElementwiseLoss) -> f64 {
        let (mut easy, mut all) = (0.0, 0.0);
        for scenes in self.scenes.chunks(BATCH) {
            let logits = model.forward(images(scenes, self.device)).logits;
            let targets = Targets::new(scenes, self.anchors, self.device);
            let scores = sigmoid(logits.clone()).max_dim(2);
            let improbable = scores.lower_elem(EASY_PROBABILITY);
            let background = targets.classes.clone().max_dim(2).equal_elem(0.0);
            let each = loss.on(logits, targets.classes);
            let each: Tensor<3> = each.weights(targets.class_weights).each();
            let of_anchors = each.sum_dim(2);
            all += f64::from(of_anchors.clone().sum().into_scalar::<f32>());
            let chosen = of_anchors * improbable.bool_and(background).float();
            easy += f64::from(chosen.sum().into_scalar::<f32>());
        }
        if all > 0.0 { easy / all } else { 0.0 }
    }
}

/// The detections of one scene from its scores `[A, CLASSES]` and decoded boxes `[A, 4]`.
fn detect(scores: &[f32], boxes: &[f32], anchors: &[BoundingBox]) -> Vec<Detection> {
    let scored = scores.iter().copied().enumerate();
    let mut candidates: Vec<_> = scored.filter(|&(_, score)| score >= MIN_SCORE).collect();
    candidates.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    candidates.truncate(MAX_CANDIDATES);
    let detections = candidates.into_iter().map(|(index, score)| {
        let (anchor, class) = (index / CLASSES, index % CLASSES);
        let [x, y, width, height] = std::array::from_fn(|part| boxes[anchor * 4 + part]);
        let (left, top) = anchors[anchor].center();
        let bounds = BoundingBox::from_center(left + x, top + y, width, height);
        Detection::new(bounds.clip(SIDE as f32), class, score)
    });
    suppress(detections, |one, other| one.class == other.class)
}

/// Non-maximum suppression among detections that compete; expects and keeps the order by falling
/// score. (That of burn-vision is for boxes on a device; these are few, and on the host anyway.)
pub fn suppress(
    detections: impl Iterator<Item = Detection>,
    compete: impl Fn(&Detection, &Detection) -> bool,
) -> Vec<Detection> {
    let mut kept: Vec<Detection> = Vec::new();
    for one in detections {
        let covers =
            |better: &Detection| compete(better, &one) && better.bounds.iou(&one.bounds) > SAME_IOU;
        if !kept.iter().any(covers) {
            kept.push(one);
        }
    }
    kept
}

/// The area under the precision-recall curve of one class, with the precision at every recall raised to the best at any
/// higher recall (PASCAL VOC since 2010); `None` for a class without objects, which nothing could find.
fn average_precision(
    class: usize,
    detections: &[Vec<Detection>],
    objects: &[&[Object]],
) -> Option<f64> {
    let (mut count, mut outcomes) = (0, Vec::new());
    for (found, scene) in detections.iter().zip(objects) {
        let objects = scene.iter().filter(|object| object.class == class);
        let objects: Vec<&BoundingBox> = objects.map(|object| &object.bounds).collect();
        count += objects.len();
        let mut taken = vec![false; objects.len()];
        // In the order of falling score, each takes the object it overlaps most; an object that is already taken makes it
        // a false alarm.
        for one in found.iter().filter(|one| one.class == class) {
            let overlaps = objects.iter().map(|object| object.iou(&one.bounds));
            let nearest = overlaps
                .enumerate()
                .max_by(|(_, one), (_, other)| one.total_cmp(other));
            let correct = match nearest {
                Some((index, SAME_IOU..)) => !std::mem::replace(&mut taken[index], true),
                _ => false,
            };
            outcomes.push((one.score, correct));
        }
    }
    outcomes.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    // The precision at each correct detection; between them recall does not change.
    let mut precisions = Vec::new();
    for ((_, correct), rank) in outcomes.into_iter().zip(1..) {
        if correct {
            precisions.push((precisions.len() + 1) as f64 / f64::from(rank));
        }
    }
    let (mut best, mut area) = (0.0, 0.0);
    for precision in precisions.into_iter().rev() {
        best = f64::max(best, precision);
        area += best / count as f64;
    }
    (count > 0).then_some(area)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boxes::square_at;

    fn found(left: f32, class: usize, score: f32) -> Detection {
        Detection::new(square_at(left), class, score)
    }

    #[test]
    fn suppression_keeps_the_best_of_a_class_and_place() {
        // The second overlaps the first by 8/12; the last overlaps it by 6/14 only, and the second,
        // which is gone, by 8/12.
        let all = [(0.0, 1, 0.9), (2.0, 1, 0.8), (1.0, 2, 0.7), (4.0, 1, 0.6)];
        let all = all.map(|(left, class, score)| found(left, class, score));
        let kept = suppress(all.iter().cloned(), |one, other| one.class == other.class);
        assert_eq!(kept, [&all[0], &all[2], &all[3]].map(Clone::clone));
    }

    #[test]
    fn average_precision_is_the_textbook_area() {
        let object = |left| Object {
            bounds: square_at(left),
            class: 0,
        };
        let objects = [0.0, 20.0, 40.0, 60.0].map(object);
        // Right, wrong class, wrong place, twice, right, right.
        let mut scene = vec![
            found(0.0, 0, 0.9),
            found(20.0, 1, 0.85),
            found(28.0, 0, 0.8),
        ];
        scene.extend([found(1.0, 0, 0.7), found(20.0, 0, 0.6), found(40.0, 0, 0.5)]);
        // A false alarm in another scene ranks between the last two.
        let detections = [scene, vec![found(0.0, 0, 0.55)]];
        let area = average_precision(0, &detections, &[&objects, &[]]);
        // Precisions 1, 2/4, 3/6.
        assert_eq!(area, Some((1.0 + 0.5 + 0.5) / 4.0));
        assert_eq!(average_precision(1, &detections, &[&objects, &[]]), None);
    }
}
