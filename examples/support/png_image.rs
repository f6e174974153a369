//! Images for SVG documents.

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    error::{Error, Result},
    raster::Raster,
};

/// A grey image as a PNG in base64.
pub fn encode_png(image: &Raster) -> Result<String> {
    let pixels = image.pixels.iter();
    let bytes: Vec<u8> = pixels.map(|pixel| (pixel * 255.0).round() as u8).collect();
    encode(image.width, image.height, png::ColorType::Grayscale, &bytes)
}

/// A coloured image, red, green and blue of each pixel, as a PNG in base64.
pub fn encode_png_rgb(width: usize, height: usize, bytes: &[u8]) -> Result<String> {
    encode(width, height, png::ColorType::Rgb, bytes)
}

fn encode(width: usize, height: usize, color: png::ColorType, bytes: &[u8]) -> Result<String> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width as u32, height as u32);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(bytes))
        .map_err(|fault| Error::new(format!("cannot encode an image as PNG: {fault}")))?;
    Ok(BASE64_STANDARD.encode(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_becomes_a_png_with_its_pixels() {
        let image = Raster {
            width: 2,
            height: 1,
            pixels: vec![0.0, 1.0],
        };
        let file = BASE64_STANDARD
            .decode(encode_png(&image).expect("a sound image"))
            .expect("it was encoded as base64");
        let mut reader = png::Decoder::new(std::io::Cursor::new(file))
            .read_info()
            .expect("a sound PNG");
        let mut pixels = [7; 2];
        reader.next_frame(&mut pixels).expect("one frame");
        assert_eq!(pixels, [0, 255]);
    }
}
