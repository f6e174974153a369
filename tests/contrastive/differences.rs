//! Gradients of losses of pairs and triplets against central differences, in `f64`.

use super::paths::{pair_losses, random_call, run};
use crate::support::{Dtype, differences, differentiable_sites};

#[test]
fn gradients_are_central_differences() {
    for (key, config) in pair_losses() {
        if key == "circle" {
            continue; // Its weights have no gradient, on purpose.
        }
        let mut call = random_call(key, 7, 3);
        call.dtype = Dtype::F64;
        let sites = differentiable_sites();
        let Some(site) = sites.iter().find(|site| site.is_flex()) else {
            return; // The only one that has this type and is fast enough.
        };
        let gradients = run(key, &config, &call, site).gradients;
        for (argument, gradient) in gradients.iter().enumerate() {
            let count = call.embeddings[argument].values.len();
            let quotients = differences::quotients(count, |place, step| {
                let mut moved = call.clone();
                moved.embeddings[argument].values[place] += step;
                run(key, &config, &moved, site).value[0]
            });
            let what = format!("{key} {config}, argument {argument}");
            differences::assert_all_near(&what, gradient.as_ref(), &quotients);
        }
    }
}
