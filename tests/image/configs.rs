//! Configurations: defaults, ranges, and what a loss shows of itself.

use burn::{
    config::Config,
    tensor::{Device, Tensor},
};
use burn_losses::*;
use serde_json::{Value, json};

#[test]
fn what_is_out_of_range_is_named() {
    let ssim = |range| SsimLossConfig::new(range);
    let scales = |list: &[f64]| MsSsimLossConfig::new(1.0).with_scale_weights(list.to_vec());
    let alpha = |alpha| GradientDifferenceLossConfig::new().with_alpha(alpha);
    let errors = [
        ssim(0.0).try_init().err(),
        ssim(f64::NAN).try_init().err(),
        ssim(1.0).with_window_size(4).try_init().err(),
        ssim(1.0).with_sigma(0.0).try_init().err(),
        ssim(1.0).with_k1(0.0).try_init().err(),
        ssim(1.0).with_k2(-1.0).try_init().err(),
        scales(&[]).try_init().err(),
        scales(&[0.5, 0.0]).try_init().err(),
        scales(&[0.5]).with_window_size(0).try_init().err(),
        PsnrLossConfig::new(-1.0).try_init().err(),
        PsnrLossConfig::new(1.0).with_max_psnr(0.0).try_init().err(),
        alpha(0.5).try_init().err(),
        FocalFrequencyLossConfig::new()
            .with_alpha(-1.0)
            .try_init()
            .err(),
    ];
    let fields = errors.map(|error| error.expect("an error").field().to_string());
    assert_eq!(
        fields,
        [
            "data_range",
            "data_range",
            "window_size",
            "sigma",
            "k1",
            "k2",
            "scale_weights",
            "scale_weights",
            "window_size",
            "data_range",
            "max_psnr",
            "alpha",
            "alpha",
        ]
    );
    let error = ssim(1.0).with_window_size(4).try_init().expect_err("even");
    let expected = "SsimLossConfig: window_size is 4, expected an odd number of pixels";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_loss_shows_what_a_file_would_say() {
    let ssim = SsimLossConfig::new(255.0)
        .with_padding(SsimPadding::Reflect)
        .init();
    for (shown, parts) in [
        (
            ssim.to_string(),
            vec![
                "SsimLoss",
                "data_range: 255.0, window_size: 11, window: gaussian, sigma: 1.5",
                "padding: reflect, form: one_minus, reduction: mean",
            ],
        ),
        (
            MsSsimLossConfig::new(1.0).init().to_string(),
            vec!["scale_weights: [0.0448,0.2856,0.3001,0.2363,0.1333]"],
        ),
        (
            TotalVariationLossConfig::new().init().to_string(),
            vec![
                "TotalVariationLoss",
                "norm: l1, scale: mean, reduction: mean",
            ],
        ),
        (
            format!("{:?}", PsnrLossConfig::new(1.0).init()),
            vec!["PsnrLoss { data_range: 1.0, max_psnr: 100.0, reduction: Mean }"],
        ),
    ] {
        for part in parts {
            assert!(shown.contains(part), "{part} is not in {shown}");
        }
    }
    assert_eq!(ssim.config().data_range, 255.0);
}

#[test]
fn a_file_chooses_one_of_them() {
    let device = Device::default();
    let images = || {
        let pixels = Tensor::<1, burn::tensor::Int>::arange(0..36, &device).float() / 36.0;
        [pixels.clone(), (pixels * 3.0).sin()].map(|image| image.reshape([1, 1, 6, 6]))
    };
    let number = |loss: Tensor<1>| loss.into_scalar::<f32>();
    let [x, t] = images();
    let range = json!({"data_range": 1, "window_size": 3, "scale_weights": [1.0]});
    let ssim = SsimLossConfig::new(1.0).with_window_size(3);
    let scales = MsSsimLossConfig::new(1.0).with_window_size(3);
    for (name, fields, own) in [
        (
            "ssim",
            vec!["data_range", "window_size"],
            number(ssim.init().forward(x.clone(), t.clone())),
        ),
        (
            "ms_ssim",
            vec!["data_range", "window_size", "scale_weights"],
            number(
                scales
                    .with_scale_weights(vec![1.0])
                    .init()
                    .forward(x.clone(), t.clone()),
            ),
        ),
        (
            "psnr",
            vec!["data_range"],
            number(
                PsnrLossConfig::new(1.0)
                    .init()
                    .forward(x.clone(), t.clone()),
            ),
        ),
        (
            "gradient_difference",
            vec![],
            number(
                GradientDifferenceLossConfig::new()
                    .init()
                    .forward(x.clone(), t.clone()),
            ),
        ),
        (
            "focal_frequency",
            vec![],
            number(
                FocalFrequencyLossConfig::new()
                    .init()
                    .forward(x.clone(), t.clone()),
            ),
        ),
    ] {
        let mut file = json!({"loss": name});
        for field in fields {
            file[field] = range[field].clone();
        }
        let config = ImageLossConfig::load_binary(file.to_string().as_bytes()).expect("sound");
        let full: Value = serde_json::to_value(&config).expect("plain data");
        assert_eq!(full["loss"], json!(name));
        assert_eq!(
            number(config.init().forward(x.clone(), t.clone())),
            own,
            "{name}"
        );
    }
    let wrong = json!({"loss": "ssim", "data_range": 0}).to_string();
    let config = ImageLossConfig::load_binary(wrong.as_bytes()).expect("a range");
    let error = config.try_init().expect_err("0").to_string();
    assert!(
        error.starts_with("SsimLossConfig: data_range is 0, expected "),
        "{error}"
    );
    let text = r#"{"loss": "ssim"}"#;
    let error = ImageLossConfig::load_binary(text.as_bytes()).expect_err("no range");
    let expected = "SsimLossConfig: missing field `data_range`, which has no default; add it";
    assert!(error.to_string().contains(expected), "{error}");
}
