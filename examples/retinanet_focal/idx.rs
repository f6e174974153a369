//! MNIST's IDX files: a magic number, sizes as big-endian 32-bit numbers, then one byte a value.

use std::{fs, path::Path};

use crate::{
    digits::{CLASSES, Digit, DigitSets},
    error::{Error, Result},
    raster::Raster,
};

/// Magic number of a file of byte images (three dimensions).
const IMAGES: u32 = 0x0803;

/// Magic number of a file of byte labels (one dimension).
const LABELS: u32 = 0x0801;

/// Reads the training and test digits of a folder that holds MNIST's four files.
pub fn load(folder: &Path) -> Result<DigitSets> {
    let read = |name: &str| {
        load_pair(
            &folder.join(format!("{name}-images-idx3-ubyte")),
            &folder.join(format!("{name}-labels-idx1-ubyte")),
        )
    };
    let (train, test) = (read("train")?, read("t10k")?);
    Ok(DigitSets {
        train,
        test,
        source: format!("IDX files in {}", folder.display()),
    })
}

/// Reads one file of images and the file of their labels.
fn load_pair(image_path: &Path, label_path: &Path) -> Result<Vec<Digit>> {
    let ([count, height, width], pixels) = read::<3>(image_path, IMAGES, "images")?;
    let ([label_count], labels) = read::<1>(label_path, LABELS, "labels")?;
    if count != label_count {
        return Err(Error::new(format!(
            "{} holds {count} images but {} holds {label_count} labels; they must be as many",
            image_path.display(),
            label_path.display(),
        )));
    }
    if let Some(index) = labels
        .iter()
        .position(|&label| usize::from(label) >= CLASSES)
    {
        return Err(Error::new(format!(
            "{}: label {index} is {}, expected a digit of 0 to 9",
            label_path.display(),
            labels[index],
        )));
    }
    let digits: Vec<Digit> = pixels
        .chunks_exact((width * height).max(1))
        .zip(labels)
        .filter_map(|(bytes, label)| {
            let pixels = bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect();
            Digit::new(
                &Raster {
                    width,
                    height,
                    pixels,
                },
                usize::from(label),
            )
        })
        .collect();
    if digits.is_empty() {
        return Err(Error::new(format!(
            "{} holds no digit with ink",
            image_path.display()
        )));
    }
    Ok(digits)
}

/// Reads one IDX file of `D` dimensions: its sizes and its bytes.
fn read<const D: usize>(path: &Path, magic: u32, kind: &str) -> Result<([usize; D], Vec<u8>)> {
    let file = path.display();
    let bytes = fs::read(path)
        .map_err(|error| Error::new(format!("cannot read {file} (IDX {kind}): {error}")))?;
    let header_length = 4 * (1 + D);
    let Some((header, body)) = bytes.split_at_checked(header_length) else {
        return Err(Error::new(format!(
            "{file} is cut short: an IDX file of {kind} starts with a header of {header_length} \
             bytes, found {} bytes in all",
            bytes.len(),
        )));
    };
    let mut words = header.chunks_exact(4).map(|word| {
        word.iter()
            .fold(0, |value, &byte| value << 8 | u32::from(byte))
    });
    let found = words.next().unwrap_or_default();
    if found != magic {
        return Err(Error::new(format!(
            "{file} is not an IDX file of {kind}: it starts with {found:#010x}, expected \
             {magic:#010x}{}",
            if found >> 16 == 0x1f8b {
                "; it is gzip-compressed, unpack it first"
            } else {
                ""
            },
        )));
    }
    let sizes: [usize; D] = std::array::from_fn(|_| words.next().unwrap_or_default() as usize);
    let expected = sizes
        .iter()
        .try_fold(1_usize, |product, &size| product.checked_mul(size));
    if expected != Some(body.len()) {
        let fault = if expected.is_none_or(|length| length > body.len()) {
            "is cut short"
        } else {
            "is longer than its header says"
        };
        let sizes = sizes.map(|size| size.to_string()).join(" x ");
        return Err(Error::new(format!(
            "{file} {fault}: its header announces {sizes} bytes of {kind}, found {} bytes",
            body.len(),
        )));
    }
    Ok((sizes, body.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    /// The bytes of an IDX file.
    fn idx(magic: u32, sizes: &[u32], body: &[u8]) -> Vec<u8> {
        let header = std::iter::once(&magic)
            .chain(sizes)
            .flat_map(|word| word.to_be_bytes());
        header.chain(body.iter().copied()).collect()
    }

    /// A folder with two 3 x 2 training images and one test image, all sound.
    fn folder() -> TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let image = [0, 255, 0, 0, 51, 102];
        let two = [image, [255; 6]].concat();
        write(
            &folder,
            "train-images-idx3-ubyte",
            &idx(IMAGES, &[2, 2, 3], &two),
        );
        write(
            &folder,
            "train-labels-idx1-ubyte",
            &idx(LABELS, &[2], &[7, 0]),
        );
        write(
            &folder,
            "t10k-images-idx3-ubyte",
            &idx(IMAGES, &[1, 2, 3], &image),
        );
        write(&folder, "t10k-labels-idx1-ubyte", &idx(LABELS, &[1], &[3]));
        folder
    }

    fn write(folder: &TempDir, name: &str, bytes: &[u8]) {
        fs::write(folder.path().join(name), bytes).expect("a writable temporary folder");
    }

    /// What loading says once one file of a sound folder is replaced.
    fn complaint(name: &str, bytes: &[u8]) -> String {
        let folder = folder();
        write(&folder, name, bytes);
        let error = load(folder.path())
            .err()
            .expect("the replaced file is unsound")
            .to_string();
        assert!(
            error.contains(name),
            "the message should name {name}: {error}"
        );
        error
    }

    #[test]
    fn sound_files_become_digits_cut_to_their_ink() {
        let folder = folder();
        let sets = load(folder.path()).expect("sound files");
        assert_eq!(sets.train.len(), 2);
        assert_eq!(sets.test.len(), 1);
        let digit = &sets.train[0];
        assert_eq!(digit.class, 7);
        assert_eq!((digit.glyph.width, digit.glyph.height), (2, 2));
        assert_eq!(digit.glyph.pixels, [1.0, 0.0, 0.2, 0.4]);
        assert_eq!(sets.train[1].glyph, Raster::filled(3, 2, 1.0));
        assert_eq!(sets.test[0].class, 3);
    }

    #[test]
    fn a_missing_file_is_named() {
        let folder = folder();
        let name = "t10k-labels-idx1-ubyte";
        fs::remove_file(folder.path().join(name)).expect("the file was written");
        let error = load(folder.path())
            .err()
            .expect("a file is missing")
            .to_string();
        assert!(
            error.contains("cannot read") && error.contains(name),
            "{error}"
        );
    }

    #[test]
    fn a_truncated_body_says_how_much_was_found() {
        let error = complaint(
            "train-images-idx3-ubyte",
            &idx(IMAGES, &[2, 2, 3], &[9; 11]),
        );
        assert!(error.contains("cut short"), "{error}");
        assert!(
            error.contains("2 x 2 x 3 bytes") && error.contains("found 11 bytes"),
            "{error}"
        );
    }

    #[test]
    fn a_truncated_header_says_how_much_was_found() {
        let error = complaint("train-labels-idx1-ubyte", &[0, 0, 8]);
        assert!(
            error.contains("header of 8 bytes") && error.contains("found 3 bytes"),
            "{error}"
        );
    }

    #[test]
    fn surplus_bytes_are_refused() {
        let error = complaint("train-labels-idx1-ubyte", &idx(LABELS, &[2], &[7, 0, 1]));
        assert!(error.contains("longer than its header says"), "{error}");
    }

    #[test]
    fn sizes_that_overflow_are_refused() {
        let sizes = [u32::MAX; 3];
        let error = complaint("train-images-idx3-ubyte", &idx(IMAGES, &sizes, &[0; 4]));
        assert!(error.contains("cut short"), "{error}");
    }

    #[test]
    fn a_foreign_file_shows_both_magic_numbers() {
        let error = complaint(
            "train-images-idx3-ubyte",
            b"\x89PNG\r\n\x1a\nand then some bytes",
        );
        assert!(
            error.contains("0x89504e47") && error.contains("0x00000803"),
            "{error}"
        );
    }

    #[test]
    fn a_compressed_file_is_recognised() {
        let error = complaint(
            "t10k-images-idx3-ubyte",
            b"\x1f\x8b\x08\x00 compressed bytes",
        );
        assert!(error.contains("unpack it first"), "{error}");
    }

    #[test]
    fn labels_and_images_must_be_as_many() {
        let error = complaint("train-labels-idx1-ubyte", &idx(LABELS, &[3], &[7, 0, 1]));
        assert!(
            error.contains("2 images") && error.contains("3 labels"),
            "{error}"
        );
    }

    #[test]
    fn a_label_beyond_nine_is_refused() {
        let error = complaint("train-labels-idx1-ubyte", &idx(LABELS, &[2], &[7, 10]));
        assert!(error.contains("label 1 is 10"), "{error}");
    }
}
