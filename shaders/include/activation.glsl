// SPDX-License-Identifier: MIT
// The activations, numbered as ll_activation.
const uint SILU = 0, GELU_TANH = 1, GELU_ERF = 2, RELU = 3, RELU_SQUARED = 4, SWIGLU_LIMITED = 5;
const uint NO_ACTIVATION = 6, SOFTPLUS = 7; // ours

// exp() of a device may be off by more than we want for large arguments, and of some for small ones.
float logistic(float x) { return 1.0 / (1.0 + exp(-x)); }

float activate(uint kind, float g, float up)
{
    switch (kind) {
    case GELU_TANH:
        return g * logistic(1.5957691216057308 * (g * g * 0.044715 * g + g)) * up;
    case GELU_ERF: { // Abramowitz and Stegun, 7.1.26
        float z = abs(g) * 0.70710678118654752, t = 1.0 / (0.3275911 * z + 1.0);
        float p = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
        float tail = 0.5 * g * (p * exp(-(z * z)));
        return (g < 0 ? tail : g - tail) * up;
    }
    case RELU:
        return max(g, 0.0) * up;
    case RELU_SQUARED:
        return max(g, 0.0) * max(g, 0.0) * up;
    case SWIGLU_LIMITED:
        return min(g, 7.0) * logistic(1.702 * min(g, 7.0)) * (clamp(up, -7.0, 7.0) + 1.0);
    case SOFTPLUS: {
        const float z = exp(-abs(g));
        // ln(1 + z), of small z without the loss of its digits
        return max(g, 0.0) + (z < 0.01 ? z * (1.0 - z * (0.5 - z * (1.0 / 3.0 - 0.25 * z))) : log(1.0 + z));
    }
    }
    return g * logistic(g) * up;
}

float softcap(float x, float cap)
{
    float y = clamp(x / cap, -15.0, 15.0); // tanh of larger ones is 1, of some devices NaN
    return cap * tanh(y);
}
