// What a Transformer's layer does between its matrix products, in bfloat16 and rounded where the plain operations round.
#include "logits.cuh"

// x += delta (null: none); y = weight · x / √(mean(x²) + ε); sum += x, or y after the last layer. One block a position, width a multiple of 8.
extern "C" __global__ void __launch_bounds__(256) add_norm(
    bf16* x, const bf16* delta, const bf16* weight, bf16* y, float* sum, int width, float epsilon, int sumOfNormed) {
  const long long row = blockIdx.x * (long long)(width / 8);
  uint4* wideX = (uint4*)x + row;
  float values[2][8], squares = 0.f;  // widths to 4,096 stay in registers
#pragma unroll
  for (int j = 0; j < 2; j++) {
    int i = threadIdx.x + j * 256;
    if (i >= width / 8) break;
    unpack(wideX[i], values[j]);
    if (delta) {
      float d[8];
      unpack(((const uint4*)delta)[row + i], d);
#pragma unroll
      for (int k = 0; k < 8; k++) values[j][k] += d[k];
      uint4 rounded = pack(values[j]);
      wideX[i] = rounded;
      unpack(rounded, values[j]);
    }
#pragma unroll
    for (int k = 0; k < 8; k++) squares += values[j][k] * values[j][k];
  }
  const float scale = rsqrtf(sumOverBlock(squares) / width + epsilon);
#pragma unroll
  for (int j = 0; j < 2; j++) {
    int i = threadIdx.x + j * 256;
    if (i >= width / 8) break;
    float normed[8], w[8];
#pragma unroll
    for (int k = 0; k < 8; k++) normed[k] = values[j][k] * scale;
    unpack(pack(normed), normed);
    unpack(((const uint4*)weight)[i], w);
#pragma unroll
    for (int k = 0; k < 8; k++) normed[k] *= w[k];
    uint4 rounded = pack(normed);
    ((uint4*)y)[row + i] = rounded;
    if (sum) {
      float4* to = (float4*)sum + (row + i) * 2;
      float added[8];
      if (sumOfNormed) unpack(rounded, added);
      else {
#pragma unroll
        for (int k = 0; k < 8; k++) added[k] = values[j][k];
      }
      float4 a = to[0], b = to[1];
      to[0] = make_float4(a.x + added[0], a.y + added[1], a.z + added[2], a.w + added[3]);
      to[1] = make_float4(b.x + added[4], b.y + added[5], b.z + added[6], b.w + added[7]);
    }
  }
}

__device__ __forceinline__ void rounded(float (&x)[8]) { unpack(pack(x), x); }

// Splits (N, heads + 2·shared, size) into queries, keys and values, (N, heads, size) each: queries and keys normed (where weights are given) and
// rotated, keys and values given to each head that shares them. A thread takes eight pairs of a head: parts = size / 16 threads a head, a power of
// two up to 32. Positions are rows of length.
extern "C" __global__ void __launch_bounds__(256) rotate_heads(
    const bf16* mixed, const bf16* cosines, const bf16* sines, const bf16* queryNorm, const bf16* keyNorm,
    bf16* queries, bf16* keys, bf16* values, long long threads, int heads, int shared, int size, int length, float epsilon) {
  const long long thread = blockIdx.x * (long long)blockDim.x + threadIdx.x;
  const int parts = size / 16, all = heads + 2 * shared, group = heads / shared;
  const long long item = min(thread, threads - 1) / parts, position = item / all;
  const int part = (int)(thread % parts), head = (int)(item % all), half = size / 2, at = part * 8;
  const bool query = head < heads, value = head >= heads + shared;
  const bf16* from = mixed + item * size;
  const bf16* norm = value ? 0 : query ? queryNorm : keyNorm;
  uint4 low = *(const uint4*)(from + at), high = *(const uint4*)(from + half + at);
  if (!value) {
    float a[8], b[8], c[8], s[8];
    unpack(low, a);
    unpack(high, b);
    if (norm) {
      float squares = 0.f, w[8], v[8];
#pragma unroll
      for (int k = 0; k < 8; k++) squares += a[k] * a[k] + b[k] * b[k];
      for (int step = parts >> 1; step > 0; step >>= 1) squares += __shfl_xor_sync(~0u, squares, step);
      const float scale = rsqrtf(squares / size + epsilon);
      unpack(*(const uint4*)(norm + at), w);
      unpack(*(const uint4*)(norm + half + at), v);
#pragma unroll
      for (int k = 0; k < 8; k++) {
        a[k] *= scale;
        b[k] *= scale;
      }
      rounded(a);
      rounded(b);
#pragma unroll
      for (int k = 0; k < 8; k++) {
        a[k] *= w[k];
        b[k] *= v[k];
      }
      rounded(a);
      rounded(b);
    }
    const long long angle = position % length * size + at;
    unpack(*(const uint4*)(cosines + angle), c);
    unpack(*(const uint4*)(sines + angle), s);
    float left[8], right[8];
#pragma unroll
    for (int k = 0; k < 8; k++) {
      left[k] = -b[k] * s[k];
      right[k] = a[k] * s[k];
      a[k] *= c[k];
      b[k] *= c[k];
    }
    rounded(left);
    rounded(right);
    rounded(a);
    rounded(b);
#pragma unroll
    for (int k = 0; k < 8; k++) {
      a[k] += left[k];
      b[k] += right[k];
    }
    low = pack(a);
    high = pack(b);
  }
  if (thread >= threads) return;
  const int copies = query ? 1 : group;
  bf16* to = query ? queries + (position * heads + head) * size
      : (value ? values : keys) + (position * heads + (head - heads - (value ? shared : 0)) * group) * (long long)size;
  for (int copy = 0; copy < copies; copy++) {
    *(uint4*)(to + copy * size + at) = low;
    *(uint4*)(to + copy * size + half + at) = high;
  }
}

// SiLU(gate) · up from (N, 2·inner), gate first: (N, inner), inner a multiple of 8. A thread eight values.
extern "C" __global__ void __launch_bounds__(256) swiglu(const uint4* both, uint4* y, long long vectors, int inner) {
  for (long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x; i < vectors; i += (long long)gridDim.x * blockDim.x) {
    const int wide = inner / 8;
    const long long row = i / wide, column = i % wide;
    float gate[8], up[8];
    unpack(both[row * 2 * wide + column], gate);
    unpack(both[row * 2 * wide + wide + column], up);
#pragma unroll
    for (int k = 0; k < 8; k++) gate[k] = toFloat(toBf16(gate[k] / (1.f + __expf(-gate[k])))) * up[k];
    y[i] = pack(gate);
  }
}
