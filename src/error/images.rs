//! Checks of images and masks.

/// Panics unless masks are images.
#[track_caller]
pub(crate) fn check_images(loss: &str, dims: &[usize]) {
    assert!(
        dims.len() == 2,
        "{loss}: the masks have the size {dims:?}, expected images of two dimensions",
    );
}

/// How large images have to be.
#[derive(Default)]
pub(crate) struct Least {
    pub side: usize,
    /// What for.
    pub because: String,
    /// What to do where they are smaller.
    pub advice: &'static str,
}

/// Panics unless images have sides of at least so many pixels.
#[track_caller]
pub(crate) fn check_image_sides(
    loss: &str,
    [height, width]: [usize; 2],
    Least {
        side: least,
        because,
        advice,
    }: Least,
) {
    assert!(
        height >= least && width >= least,
        "{loss}: the images are {height} x {width} pixels (height x width), expected at least {least} x {least} for \
         {because}; {advice}",
    );
}
