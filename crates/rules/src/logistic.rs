//! L2-regularised logistic regression, fitted by L-BFGS (Nocedal 1980) in a fixed order of operations.

/// One example: sparse features, its label, its weight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Example<'a> {
    pub features: &'a [(u32, f64)],
    pub positive: bool,
    pub weight: f64,
}

/// Weights of the features, then the bias.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Model {
    pub weights: Vec<f64>,
    pub bias: f64,
}

/// How many earlier steps shape the next.
const MEMORY: usize = 8;

/// Fits a model; `penalty` is the L2 weight of every feature, the bias is free.
pub(crate) fn fit(examples: &[Example<'_>], features: usize, penalty: f64, iterations: usize) -> Model {
    let dimension = features + 1;
    let mut point = vec![0.0; dimension];
    let mut gradient = vec![0.0; dimension];
    let mut value = loss(examples, &point, penalty, &mut gradient);
    let mut steps: Vec<(Vec<f64>, Vec<f64>, f64)> = Vec::new();
    for _ in 0..iterations {
        let mut direction = descent(&gradient, &steps);
        let mut slope = dot(&direction, &gradient);
        if slope >= 0.0 {
            steps.clear();
            direction = gradient.iter().map(|g| -g).collect();
            slope = -dot(&gradient, &gradient);
        }
        if slope > -1e-9 {
            break;
        }
        let mut length = if steps.is_empty() { 1.0 / dot(&gradient, &gradient).sqrt().max(1.0) } else { 1.0 };
        let mut fresh_gradient = vec![0.0; dimension];
        let mut accepted = None;
        for _ in 0..30 {
            let fresh: Vec<f64> = point.iter().zip(&direction).map(|(p, d)| p + length * d).collect();
            let fresh_value = loss(examples, &fresh, penalty, &mut fresh_gradient);
            if fresh_value <= value + 1e-4 * length * slope {
                accepted = Some((fresh, fresh_value));
                break;
            }
            length *= 0.5;
        }
        let Some((fresh, fresh_value)) = accepted else { break };
        let moved: Vec<f64> = fresh.iter().zip(&point).map(|(a, b)| a - b).collect();
        let bent: Vec<f64> = fresh_gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        let curvature = dot(&moved, &bent);
        if curvature > 1e-12 {
            if steps.len() == MEMORY {
                steps.remove(0);
            }
            steps.push((moved, bent, 1.0 / curvature));
        }
        let gain = value - fresh_value;
        (point, value) = (fresh, fresh_value);
        std::mem::swap(&mut gradient, &mut fresh_gradient);
        if gain < 1e-6 * value.abs().max(1.0) {
            break;
        }
    }
    let bias = point.pop().unwrap_or(0.0);
    Model { weights: point, bias }
}

fn loss(examples: &[Example<'_>], point: &[f64], penalty: f64, gradient: &mut [f64]) -> f64 {
    let Some((bias, weights)) = point.split_last() else { return 0.0 };
    let mut value = 0.0;
    let mut bias_gradient = 0.0;
    for (g, w) in gradient.iter_mut().zip(weights) {
        *g = penalty * w;
        value += 0.5 * penalty * w * w;
    }
    for example in examples {
        let z: f64 = bias
            + example.features.iter().map(|(f, v)| weights.get(*f as usize).copied().unwrap_or(0.0) * v).sum::<f64>();
        let sign = if example.positive { 1.0 } else { -1.0 };
        let margin = sign * z;
        value += example.weight * if margin > 0.0 { (-margin).exp().ln_1p() } else { margin.exp().ln_1p() - margin };
        let pull = -sign * example.weight / (1.0 + margin.exp());
        bias_gradient += pull;
        for (f, v) in example.features {
            if let Some(g) = gradient.get_mut(*f as usize) {
                *g += pull * v;
            }
        }
    }
    if let Some(last) = gradient.last_mut() {
        *last = bias_gradient;
    }
    value
}

/// The two-loop recursion.
fn descent(gradient: &[f64], steps: &[(Vec<f64>, Vec<f64>, f64)]) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut shares = vec![0.0; steps.len()];
    for (share, (moved, bent, inverse)) in shares.iter_mut().zip(steps).rev() {
        *share = inverse * dot(moved, &direction);
        for (d, b) in direction.iter_mut().zip(bent) {
            *d -= *share * b;
        }
    }
    if let Some((moved, bent, _)) = steps.last() {
        let scale = dot(moved, bent) / dot(bent, bent);
        for d in &mut direction {
            *d *= scale;
        }
    }
    for (share, (moved, bent, inverse)) in shares.iter().zip(steps) {
        let back = inverse * dot(bent, &direction);
        for (d, m) in direction.iter_mut().zip(moved) {
            *d += (share - back) * m;
        }
    }
    direction
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_the_minimum() {
        let rows: Vec<Vec<(u32, f64)>> = (0..40).map(|i| vec![(0, f64::from(i % 5) - 2.0), (1, 1.0)]).collect();
        let all: Vec<Example<'_>> = rows
            .iter()
            .zip(0..)
            .map(|(row, i)| Example { features: row, positive: (i % 5) + (i % 3) > 3, weight: 1.0 })
            .collect();
        let model = fit(&all, 2, 0.5, 200);
        let mut point = model.weights.clone();
        point.push(model.bias);
        let mut gradient = vec![0.0; 3];
        loss(&all, &point, 0.5, &mut gradient);
        assert!(model.weights[0] > 0.5);
        assert!(dot(&gradient, &gradient).sqrt() < 0.02, "{gradient:?}");
    }
}
