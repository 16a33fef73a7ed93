// The parts of a linearised student's layer between its projections (docs/method.md, the linearised student): an mLSTM over softmax features of rotated queries and
// keys, mixed with attention over a window; or the teacher's attention, if the layer keeps it.
#pragma once
#include "mlstm.cuh"

#define PAGE 64 // positions of a page of a cache; AttentionCache.PagePositions

// A layer. The same fields, each of eight bytes, are written by DeviceMixerLayer; weights that a layer lacks are null.
struct Mixer {
  const float *bias, *queryNorm, *keyNorm;     // of queries, keys and values, side by side; (size)
  const float *queryFeatures, *keyFeatures;    // (heads·size, featureStride): each output's weights; null if the layer keeps attention
  const float *scale, *gates, *gateBias;       // of the layer's first norm; (2·heads, gateStride): input gates, then forget gates; (2·heads)
  const float *outputBias, *mix, *mixBias;     // (heads·size); (heads, 3·size), for query, key and value; (heads)
  long long matrices, normalisers, stabilisers; // in a sequence's state: C, (heads, features, stride); n, (heads, features); m, (heads)
  long long ring;                              // in a sequence's state: keys, (shared, slots, size), values, then the first positions' keys and values
  long long heads, shared, size;               // query heads, key-value heads, values of a head
  long long features, featureStride, stride, gateStride, width;
  long long window, slots, sinks;              // slots: of the ring, at least window; 0 without a window
  long long record, recordLength;              // floats in front of the layer's keys in a cache's record, and of a record
  long long advances;                          // whether the layer advances the sequences' positions
  double epsilon;                              // of the layer's first norm, queryNorm and keyNorm
};

// A value of a query, key or value of a row, with its bias.
__device__ __forceinline__ float projectedAt(const Mixer& p, const float* up, int at) { return up[at] + (p.bias ? p.bias[at] : 0); }

// x[i] normalised if there is a norm; i < size. Every thread must call it.
__device__ __forceinline__ float headNorm(float x, const float* scale, int i, int size, float epsilon) {
  if (!scale) return x;
  const float factor = 1.f / sqrtf(blockSum(x * x) / size + epsilon);
  return i < size ? x * factor * scale[i] : 0;
}

// Rotates queries and keys; computes their features and the gates; stores keys and values where attention needs them.
// up: (rows, upStride): queries, keys, values. rotated: (rows, (heads + shared)·size): queries, values. features: (rows, 2, heads, features), of queries, then of
// keys. gates: (rows, 2·heads). shares: (rows, heads). Grid (2·heads, rows): the queries' part of each head, then the keys'; 512 threads; size ≤ 256.
extern "C" __global__ void __launch_bounds__(512) mixer_project(
    const Mixer* layer, float* const* states, float* const* const* caches, int steps, const int* positions, const float* angles, const float* x, int xStride,
    const float* projected, int upStride, float* rotated, float* features, float* gates, float* shares) {
  constexpr int Ahead = 8, Warps = 16;
  __shared__ float unturned[256], turned[256], u[256];
  const Mixer p = *layer;
  const int heads = (int)p.heads, all = (int)p.shared, size = (int)p.size, half = size / 2, i = threadIdx.x, warp = i >> 5, lane = i & 31, input = 4 * lane, featureStride = (int)p.featureStride;
  const int isKey = blockIdx.x >= heads, head = blockIdx.x - isKey * heads, group = heads / all, shared = head / group;
  const long long b = blockIdx.y;
  const float* weights = isKey ? p.keyFeatures : p.queryFeatures;
  float4 w[Ahead];
  if (weights) {
    weights += (long long)head * size * featureStride + input;
#pragma unroll
    for (int j = 0; j < Ahead; j++)
      if (warp + Warps * j < size && input < featureStride) w[j] = *(const float4*)(weights + (long long)(warp + Warps * j) * featureStride);
  }
  letNextBegin();
  waitForInputs();
  const float* up = projected + b * upStride;
  const int keyAt = (heads + shared) * size + i, valueAt = (heads + all + shared) * size + i;
  const float own = headNorm(
      i < size ? projectedAt(p, up, isKey ? keyAt : head * size + i) : 0, isKey ? p.keyNorm : p.queryNorm, i, size, (float)p.epsilon);
  if (i < 256) unturned[i] = own;
  __syncthreads();
  float y = 0;
  if (i < size) {
    const float c = angles[b * 2 * half + i % half], s = angles[b * 2 * half + half + i % half];
    y = i < half ? own * c - unturned[i + half] * s : own * c + unturned[i - half] * s;
  }
  if (i < 256) turned[i] = y;
  __syncthreads();

  float* to = rotated + b * (heads + all) * size;
  if (!isKey && i < size) to[head * size + i] = y;
  if (isKey && head % group == 0 && i < size) { // once for the heads that share it
    const float v = projectedAt(p, up, valueAt);
    to[(heads + shared) * size + i] = v;
    const int position = positions[b], slots = (int)p.slots, sinks = (int)p.sinks;
    if (slots) {
      float* ring = states[b / steps] + p.ring + i;
      float* slot = ring + (shared * slots + position % slots) * size;
      slot[0] = y;
      slot[all * slots * size] = v;
      if (position < sinks) {
        float* sink = ring + (2 * all * slots + shared * sinks + position) * size;
        sink[0] = y;
        sink[all * sinks * size] = v;
      }
    } else if (caches) {
      float* record = caches[b / steps][position / PAGE] + position % PAGE * p.recordLength + p.record + shared * size + i;
      record[0] = y;
      record[all * size] = v;
    }
  }
  if (p.advances && blockIdx.x == 0 && b % steps == 0 && i == 0) *(int*)states[b / steps] += steps; // the rows have their positions already
  if (!weights) return;

  if (!isKey && p.mix) { // before the rotation: the share must not depend on the position
    const float key = headNorm(i < size ? projectedAt(p, up, keyAt) : 0, p.keyNorm, i, size, (float)p.epsilon);
    const float* mix = p.mix + (long long)head * 3 * size + i;
    const float logit = blockSum(i < size ? fmaf(own, mix[0], fmaf(key, mix[size], projectedAt(p, up, valueAt) * mix[2 * size])) : 0);
    if (i == 0) shares[b * heads + head] = sigmoid(logit + p.mixBias[head]);
  }

  const float *stream = x + b * xStride, *gate = p.gates + (isKey * heads + head) * p.gateStride;
  float dot = 0, squares = 0;
  for (int j = i; j < p.width; j += blockDim.x) {
    dot = fmaf(stream[j] * p.scale[j], gate[j], dot);
    squares = fmaf(stream[j], stream[j], squares);
  }
  dot = blockSum(dot);
  squares = blockSum(squares);
  if (i == 0) gates[b * 2 * heads + isKey * heads + head] = dot / sqrtf(squares / p.width + (float)p.epsilon);

  for (int first = warp; first < size; first += Warps * Ahead)
#pragma unroll
    for (int j = 0; j < Ahead; j++) {
      const int output = first + Warps * j;
      if (output >= size) continue;
      float sum = 0;
      for (int from = input; from < featureStride; from += 128) {
        const float4 a = first == warp && from == input ? w[j] : *(const float4*)(weights + (long long)output * featureStride + from - input);
        sum = fmaf(a.x, turned[from], fmaf(a.y, turned[from + 1], fmaf(a.z, turned[from + 2], fmaf(a.w, turned[from + 3], sum))));
      }
      sum = warpSum(sum);
      if (lane == 0) u[output] = sum;
    }
  __syncthreads();
  if (warp * size >= p.features) return; // softmax(u) by the first warp, softmax(−u) by the second, if the features are both
  const float sign = warp ? -1.f : 1.f;
  float max = -__int_as_float(0x7f800000), total = 0;
  for (int j = lane; j < size; j += 32) max = fmaxf(max, sign * u[j]);
  for (int j = 16; j > 0; j >>= 1) max = fmaxf(max, __shfl_xor_sync(0xffffffffu, max, j));
  for (int j = lane; j < size; j += 32) total += expf(sign * u[j] - max);
  total = warpSum(total);
  float* out = features + ((b * 2 + isKey) * heads + head) * p.features + warp * size;
  for (int j = lane; j < size; j += 32) out[j] = expf(sign * u[j] - max) / total;
}

// The memory of each head. Grid (heads · stride / 32, sequences), 256 threads.
extern "C" __global__ void __launch_bounds__(256) mixer_memory(
    const Mixer* layer, float* const* states, int steps, const float* gates, const float* features, const float* rotated, float* read) {
  const Mixer p = *layer;
  const int heads = (int)p.heads, size = (int)p.size, count = (int)p.features;
  advanceMemory(
      {states, p.matrices, p.stabilisers, gates, 1, p.gateBias, features, features + heads * count, 2LL * heads * count, rotated + heads * size,
       (heads + p.shared) * size, read, heads, heads / (int)p.shared, count, size, (int)p.stride, 1, steps});
}

// Attention of one head from its parts, whose sums are weighted by exp(score − max).
struct Parts {
  const float* partial;
  int parts, size;
  float max, total;
  __device__ __forceinline__ Parts(const float* partial, int parts, int size) : partial(partial), parts(parts), size(size), total(0) {
    max = partial[size];
    for (int i = 1; i < parts; i++) max = fmaxf(max, partial[i * (size + 2) + size]);
    for (int i = 0; i < parts; i++) total = fmaf(partial[i * (size + 2) + size + 1], expf(partial[i * (size + 2) + size] - max), total);
  }
  __device__ __forceinline__ float value(int at) const {
    float sum = 0;
    for (int i = 0; i < parts; i++) sum = fmaf(partial[i * (size + 2) + at], expf(partial[i * (size + 2) + size] - max), sum);
    return sum / total;
  }
};

// n and m advance; what the memory read, divided by q·n, is multiplied by its output gate and mixed with the window's attention, whose parts are in partial.
// up: as for mixer_project, then the output gates. Grid (heads, sequences), 128 threads.
extern "C" __global__ void mixer_output(
    const Mixer* layer, float* const* states, int steps, const float* gates, const float* features, const float* read, const float* projected, int upStride,
    const float* partial, int parts, const float* shares, float* mixed, int mixedStride) {
  const Mixer p = *layer;
  const int heads = (int)p.heads, size = (int)p.size, count = (int)p.features, head = blockIdx.x;
  letNextBegin();
  waitForInputs();
  float *own = states[blockIdx.y], max = own[p.stabilisers + head];
  for (int step = 0; step < steps; step++) {
    const long long b = (long long)blockIdx.y * steps + step;
    const HeadGates g(gates + b * 2 * heads, 1, p.gateBias, head, heads, max, 1);
    max = g.max;
    const float* q = features + (b * 2 * heads + head) * count;
    const float dot = advanceNormaliser(own + p.normalisers + head * count, q, q + heads * count, count, g);
    const float by = 1.f / (dot + 1e-30f); // as in training: every weight can underflow
    for (int i = threadIdx.x; i < size; i += blockDim.x) {
      float h = read[(b * heads + head) * size + i] * by;
      if (p.outputBias) h *= sigmoid(projected[b * upStride + (heads + 2 * p.shared + head) * size + i] + p.outputBias[head * size + i]);
      if (p.slots) {
        const float share = shares[b * heads + head];
        h = share * h + (1 - share) * Parts(partial + (b * heads + head) * parts * (size + 2), parts, size).value(i);
      }
      mixed[b * mixedStride + head * size + i] = h;
    }
    __syncthreads(); // the next step's sums
  }
  if (threadIdx.x == 0) own[p.stabilisers + head] = max;
}
