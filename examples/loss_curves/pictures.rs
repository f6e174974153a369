//! What is drawn: losses that are alternatives to one another, or one loss with several hyperparameters or targets.

use burn_losses::{formula::*, *};

const ERROR: &str = "prediction \u{2212} target";
const TARGET: &str = "logit of the target, above the other of two classes";

/// A number whose derivative is asked for.
type Number = Dual<f64>;

/// A diagram of losses and one of their gradients.
pub struct Picture {
    /// The name of its file.
    pub name: &'static str,
    pub title: &'static str,
    /// What the horizontal axis measures.
    pub x_label: &'static str,
    /// The ends of the axes: of predictions, losses and gradients.
    pub x: [f64; 2],
    pub y: [[f64; 2]; 2],
    pub curves: Vec<(&'static str, Curve)>,
}

/// A loss of a prediction.
pub type Curve = Box<dyn Fn(Number) -> Number>;

impl Picture {
    fn new(name: &'static str, title: &'static str, x_label: &'static str, x: [f64; 2]) -> Self {
        Self {
            name,
            title,
            x_label,
            x,
            y: [[0.0, 4.0], [-1.0, 1.0]],
            curves: Vec::new(),
        }
    }

    /// The ends of the axes of losses and of gradients.
    fn within(mut self, loss: [f64; 2], gradient: [f64; 2]) -> Self {
        self.y = [loss, gradient];
        self
    }

    fn line(mut self, name: &'static str, loss: impl Fn(Number) -> Number + 'static) -> Self {
        self.curves.push((name, Box::new(loss)));
        self
    }

    /// The formula against a target.
    fn of(self, name: &'static str, formula: &impl Formula, target: f64) -> Self {
        let formula = formula.clone();
        self.line(name, move |x| formula.value(x, Dual::constant(target)))
    }

    /// The formula of a class over its logit, where the other logit is 0.
    fn of_class(self, name: &'static str, formula: &impl ClassFormula) -> Self {
        let ln_p = |x| -BinaryCrossEntropy.value(x, Dual::constant(1.0));
        let formula = formula.clone();
        self.line(name, move |x| formula.value(ln_p(x)))
    }
}

/// All pictures; those of the README come first.
pub fn all() -> Vec<Picture> {
    let of = Dual::constant;
    let quantile = |q| move |x| Quantile.value_in_column(x, of(0.0), of(q));
    let focal = |gamma| SigmoidFocal { alpha: None, gamma };
    let hinge = HingeLossConfig::new().init();
    let squared = HingeLossConfig::new().with_squared(true).init();
    let barron = |alpha| Barron { alpha, scale: 1.0 };
    let balanced = BalancedL1LossConfig::new().init();
    let asymmetric = AsymmetricLossConfig::new().init();
    let varifocal = VarifocalLossConfig::new().init();
    let gaussian = GaussianFocalLossConfig::new().init();
    let quality = QualityFocalLossConfig::new().init();
    let focal_2 = SoftmaxFocalLossConfig::new().init();
    let symmetric = SymmetricCrossEntropyLossConfig::new().init();
    let adaptive = AdaptiveWingLossConfig::new().init();
    let poisson = PoissonNllLossConfig::new().init();
    let wing = WingLossConfig::new().with_width(1.5).with_epsilon(0.5);
    let kl = KlDivLossConfig::new().with_log_prediction(false);
    let jensen_shannon = JensenShannonLossConfig::new().init();
    vec![
        Picture::new("errors", "Errors", ERROR, [-3.0, 3.0])
            .within([0.0, 3.0], [-2.0, 2.0])
            .of("MAE", &Absolute, 0.0)
            .of("MSE", &Squared, 0.0)
            .of("Huber", &Huber { delta: 1.0 }, 0.0),
        Picture::new("small_errors", "Small errors count", ERROR, [-3.0, 3.0])
            .within([0.0, 3.0], [-2.0, 2.0])
            .of("MAE", &Absolute, 0.0)
            .of("Wing 1.5", wing.init().formula(), 0.0)
            .of("balanced L1", balanced.formula(), 0.0),
        Picture::new("robust", "Outliers count little", ERROR, [-6.0, 6.0])
            .of("Cauchy", &Cauchy { c: 1.0 }, 0.0)
            .of("Geman", &GemanMcClure { c: 1.0 }, 0.0)
            .of("Welsch", &Welsch { c: 1.0 }, 0.0),
        Picture::new("quantile", "By the quantile", ERROR, [-1.0, 1.0])
            .within([0.0, 1.0], [-1.0, 1.0])
            .line("0.1", quantile(0.1))
            .line("0.5", quantile(0.5))
            .line("0.9", quantile(0.9)),
        Picture::new("focal", "Focal loss, by gamma", "logit", [-4.0, 4.0])
            .within([0.0, 4.0], [-1.2, 0.0])
            .of("0", &focal(0.0), 1.0)
            .of("1", &focal(1.0), 1.0)
            .of("2", &focal(2.0), 1.0)
            .of("5", &focal(5.0), 1.0),
        Picture::new("negatives", "Losses of a negative", "logit", [-4.0, 8.0])
            .within([0.0, 6.0], [0.0, 1.5])
            .of("BCE", &BinaryCrossEntropy, 0.0)
            .of("ASL", asymmetric.formula(), 0.0)
            .of("VFL", varifocal.formula(), 0.0),
        Picture::new("quality", "Detection, quality 0.7", "logit", [-4.0, 4.0])
            .within([0.0, 2.0], [-1.0, 1.0])
            .of("BCE", &BinaryCrossEntropy, 0.7)
            .of("varifocal", varifocal.formula(), 0.7)
            .of("quality", quality.formula(), 0.7),
        Picture::new("margins", "Margins, target 1", "score", [-1.0, 3.0])
            .within([0.0, 3.0], [-3.0, 0.0])
            .of("soft margin", &SoftMargin, 1.0)
            .of("hinge", hinge.formula(), 1.0)
            .of("squared", squared.formula(), 1.0),
        Picture::new("classes", "Easy and hard samples", TARGET, [-4.0, 4.0])
            .within([0.0, 4.0], [-1.5, 0.0])
            .of_class("CE", &CrossEntropy)
            .of_class("focal 2", focal_2.formula())
            .of_class("Poly-1", &Poly { epsilon: 2.0 }),
        Picture::new("noisy_labels", "Wrong labels", TARGET, [-4.0, 4.0])
            .within([0.0, 4.0], [-1.2, 0.0])
            .of_class("CE", &CrossEntropy)
            .of_class("generalized", &GeneralizedCrossEntropy { q: 0.7 })
            .of_class("symmetric", symmetric.formula()),
        Picture::new("smooth", "Smooth at 0", ERROR, [-2.0, 2.0])
            .within([-0.5, 2.0], [-1.2, 1.2])
            .of("smooth L1", &SmoothL1 { beta: 1.0 }, 0.0)
            .of("log-cosh", &LogCosh, 0.0)
            .of("Charbonnier 0.5", &Charbonnier { epsilon: 0.5 }, 0.0),
        Picture::new("barron", "By alpha", ERROR, [-6.0, 6.0])
            .within([0.0, 4.0], [-2.0, 2.0])
            .of("2", &barron(2.0), 0.0)
            .of("1", &barron(1.0), 0.0)
            .of("0", &barron(0.0), 0.0)
            .of("\u{2212}2", &barron(-2.0), 0.0),
        Picture::new("adaptive_wing", "Adaptive wing", "prediction", [0.0, 1.0])
            .within([0.0, 16.0], [-20.0, 20.0])
            .of("target 1", adaptive.formula(), 1.0)
            .of("target 0", adaptive.formula(), 0.0),
        Picture::new("poisson_nll", "By the count", "ln rate", [-2.0, 3.0])
            .within([-4.0, 12.0], [-5.0, 15.0])
            .of("count 0", poisson.formula(), 0.0)
            .of("count 4", poisson.formula(), 4.0),
        Picture::new("msle", "By the target", "prediction", [0.0, 20.0])
            .within([0.0, 4.0], [-0.5, 0.5])
            .of("target 1", &SquaredLogRatio, 1.0)
            .of("target 8", &SquaredLogRatio, 8.0),
        Picture::new("bce", "By the target", "logit", [-4.0, 4.0])
            .of("target 1", &BinaryCrossEntropy, 1.0)
            .of("0.5", &BinaryCrossEntropy, 0.5)
            .of("0", &BinaryCrossEntropy, 0.0),
        Picture::new("gaussian_focal", "By the target", "logit", [-4.0, 4.0])
            .within([0.0, 4.0], [-1.5, 1.5])
            .of("target 1", gaussian.formula(), 1.0)
            .of("0.5", gaussian.formula(), 0.5)
            .of("0", gaussian.formula(), 0.0),
        Picture::new("divergences", "A target of 0.7", "probability", [0.0, 1.0])
            .within([-0.5, 1.0], [-3.0, 3.0])
            .of("KL", kl.init().formula(), 0.7)
            .of("JS", jensen_shannon.formula(), 0.7),
    ]
}
