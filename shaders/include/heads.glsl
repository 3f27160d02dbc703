// SPDX-License-Identifier: MIT
// A head of queries, keys or values of a column, made by a workgroup of SIZE invocations in shared memory: bound, norm,
// rotation; and its way to the KV memory.
layout(constant_id = 5) const uint ROPE = 0;  // 0: none, 1: neighbours, 2: halves
layout(constant_id = 6) const uint PARTS = 7; // 1: queries, 2: keys, 4: values
layout(constant_id = 7) const uint NORM = 0;  // 0: none, 1: one for all heads, 2: each has its own
layout(constant_id = 8) const bool LAYER = false;
layout(constant_id = 9) const bool NORM_AFTER_ROPE = false;
const uint QUERY = 0, KEY = 1, VALUE = 2;

const uint LONGEST = HEAD_DIM > VALUE_DIM ? HEAD_DIM : VALUE_DIM;
shared float head[LONGEST];

void normalize(uint64_t weight, uint64_t bias, uint n, float eps)
{
    float sum = 0, mean = 0;
    if (LAYER) {
        for (uint i = gl_LocalInvocationID.x; i < n; i += SIZE)
            sum += head[i];
        mean = workgroup_sum(sum) / float(n);
        sum = 0;
    }
    for (uint i = gl_LocalInvocationID.x; i < n; i += SIZE)
        sum += (head[i] - mean) * (head[i] - mean);
    const float factor = 1.0 / sqrt(workgroup_sum(sum) / float(n) + eps);
    for (uint i = gl_LocalInvocationID.x; i < n; i += SIZE)
        head[i] = (head[i] - mean) * factor * F32(weight).v[i] + (bias != 0 ? F32(bias).v[i] : 0.0);
    barrier();
}

void rotate(uint64_t cosines, uint n_rot, uint from)
{
    const uint n = n_rot / 2;
    for (uint i = gl_LocalInvocationID.x; i < n; i += SIZE) {
        const uint first = from + (ROPE == 2 ? i : 2 * i), second = from + (ROPE == 2 ? i + n : 2 * i + 1);
        const float a = head[first], b = head[second], c = F32(cosines).v[i], s = F32(cosines).v[n + i];
        head[first] = a * c - b * s;
        head[second] = a * s + b * c;
    }
    barrier();
}

// To nearest even, on every device.
uint f16_round(float x)
{
    const uint bits = floatBitsToUint(x), sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7FFFFFFFu;
    if (magnitude > 0x7F800000u)
        return sign | 0x7E00u;
    if (magnitude >= 0x477FF000u)
        return sign | 0x7C00u;
    if (magnitude < 0x38800000u) // denormal: the sum's last bits are the result
        return sign | (floatBitsToUint(uintBitsToFloat(magnitude) + 0.5) - 0x3F000000u);
    return sign | (magnitude + 0xFFFu + (magnitude >> 13 & 1u) - 0x38000000u) >> 13;
}

// Hadamard's matrix; see ll_cpu_spread().
void spread(uint n)
{
    const uint block = spread_block(n);
    for (uint width = 1; width < block; width *= 2) {
        for (uint i = gl_LocalInvocationID.x; i < n / 2; i += SIZE) {
            const uint at = i / width * 2 * width + i % width;
            const float a = head[at], b = head[at + width];
            head[at] = a + b;
            head[at + width] = a - b;
        }
        barrier();
    }
    for (uint i = gl_LocalInvocationID.x; i < n; i += SIZE)
        head[i] *= 1.0 / sqrt(float(block));
    barrier();
}

// 32 values, which share a scale: four bits from -8 to 7, of which the peak is -8, or eight from -127 to 127.
void quantize(uint from, out uint scale, out float inverse)
{
    float peak = 0;
    for (uint i = 0; i < 32; i++)
        peak = abs(head[from + i]) > abs(peak) || isnan(head[from + i]) ? head[from + i] : peak;
    scale = f16_round(KV_TYPE == KV_Q4_0 ? peak / -8.0 : abs(peak) / 127.0);
    const bool usable = (scale & 0x7FFFu) != 0 && (scale & 0x7C00u) != 0x7C00u;
    inverse = usable ? 1.0 / f16_widen(scale) : 0.0;
}

int quantized(float x, float inverse)
{
    const int most = KV_TYPE == KV_Q4_0 ? 7 : 127, least = KV_TYPE == KV_Q4_0 ? -8 : -127;
    return isnan(x) || isinf(x) ? 0 : clamp(int(roundEven(clamp(x * inverse, -1000.0, 1000.0))), least, most);
}

void store(uint64_t tile, uint n, bool is_value, uint slot)
{
    if (KV_TYPE == KV_F32 || KV_TYPE == KV_F16) {
        for (uint d = gl_LocalInvocationID.x; d < n; d += SIZE) {
            const uint at = is_value ? slot * n + d : d * PAGE + slot;
            if (KV_TYPE == KV_F32)
                F32(tile).v[at] = head[d];
            else
                U16(tile).v[at] = uint16_t(f16_round(head[d]));
        }
        return;
    }
    if (KV_TYPE == KV_Q4_0)
        spread(n);
    const uint64_t scales = tile + (KV_TYPE == KV_Q4_0 ? n * PAGE / 2 : n * PAGE);
    for (uint b = gl_LocalInvocationID.x; b < n / 32; b += SIZE) {
        uint scale;
        float inverse;
        quantize(32 * b, scale, inverse);
        U16(scales).v[b * PAGE + slot] = uint16_t(scale);
    }
    // Two values that share a byte may have different scales, so that each byte computes them anew.
    for (uint i = gl_LocalInvocationID.x; i < (KV_TYPE == KV_Q4_0 ? n / 2 : n); i += SIZE) {
        uint scale;
        float inverse;
        if (KV_TYPE == KV_Q8_0) {
            quantize(i / 32 * 32, scale, inverse);
            U8(tile).v[is_value ? slot * n + i : i * PAGE + slot] = uint8_t(quantized(head[i], inverse));
        } else {
            const uint first = is_value ? i : 2 * i, second = is_value ? i + n / 2 : 2 * i + 1;
            quantize(first / 32 * 32, scale, inverse);
            const int low = quantized(head[first], inverse) + 8;
            quantize(second / 32 * 32, scale, inverse);
            const int high = quantized(head[second], inverse) + 8;
            U8(tile).v[is_value ? slot * n / 2 + i : i * PAGE + slot] = uint8_t(low | high << 4);
        }
    }
}

// What the KV memory gives back of a value that was stored.
float stored(uint i)
{
    if (KV_TYPE == KV_F32)
        return head[i];
    if (KV_TYPE == KV_F16)
        return f16_widen(f16_round(head[i]));
    uint scale;
    float inverse;
    quantize(i / 32 * 32, scale, inverse);
    return float(quantized(head[i], inverse)) * f16_widen(scale);
}

// Head `at` of a kind, of a column.
void make_head(heads_params p, uint kind, uint at, uint column)
{
    batch_params b = batch_params(push.batch);
    const uint n = kind == VALUE ? VALUE_DIM : HEAD_DIM;
    const uint64_t from = kind == QUERY ? p.q + 4 * (uint64_t(column) * p.q_stride + at * n)
                          : kind == KEY ? p.k + 4 * (uint64_t(column) * p.k_stride + at * n)
                                        : p.v + 4 * (uint64_t(column) * p.v_stride + at * n);
    for (uint i = gl_LocalInvocationID.x; i < n; i += SIZE) {
        const float x = F32(from).v[i];
        head[i] = p.bound > 0 ? clamp(x, -p.bound, p.bound) : x;
    }
    barrier();
    const uint64_t own = NORM == 2 ? 4 * at * n : 0;
    const uint64_t weight = (kind == QUERY ? p.q_weight : p.k_weight) + own;
    const uint64_t bias = kind == QUERY ? p.q_bias : p.k_bias;
    if (kind != VALUE && NORM != 0 && !NORM_AFTER_ROPE)
        normalize(weight, bias != 0 ? bias + own : 0, n, p.eps);
    if (kind != VALUE && ROPE != 0)
        rotate(b.angles + 4 * (p.angles + uint64_t(column) * p.n_rot), p.n_rot, p.rope_at);
    if (kind != VALUE && NORM != 0 && NORM_AFTER_ROPE)
        normalize(weight, bias != 0 ? bias + own : 0, n, p.eps);
}

// What the queries of a position are multiplied with.
float query_scale(heads_params p, uint position)
{
    const uint periods = p.query_growth != 0 ? position / p.growth_period : 0;
    return periods > 0 ? 1.0 + p.query_growth * log(1.0 + float(periods)) : 1.0;
}

void store_head(heads_params p, uint kind, uint at, column_params c)
{
    const uint64_t tile =
        kv_at(U64(batch_params(push.batch).pages).v[c.pages + c.position / PAGE], p.layer_offset, at);
    const bool is_value = kind == VALUE;
    store(is_value ? tile + tile_bytes(HEAD_DIM) : tile, is_value ? VALUE_DIM : HEAD_DIM, is_value, c.position % PAGE);
}
