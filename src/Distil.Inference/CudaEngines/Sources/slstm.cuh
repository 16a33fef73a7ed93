// The parts of an sLSTM block before its feed-forward network (xLSTM, arXiv 2405.04517, eq. 8–17).
#pragma once
#include "rows.cuh"

// The norm of x, and its convolution. Grid (⌈width / threads⌉, sequences), whole warps; shared: width floats.
extern "C" __global__ void slstm_project(
    float* const* states, int steps, long long state, const float* x, int xStride, const float* scale, const float* convolution, int stride, float* normed,
    int normedStride, float* convolved, int width, int taps) {
  extern __shared__ float values[];
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  letNextBegin();
  waitForInputs();
  for (int step = 0; step < steps; step++) {
    const long long b = (long long)blockIdx.y * steps + step;
    for (int j = threadIdx.x; j < width; j += blockDim.x) values[j] = x[b * xStride + j];
    __syncthreads();
    const float2 m = moments(values, width);
    if (i < width) {
      const float y = (values[i] - m.x) * m.y * scale[i];
      normed[b * normedStride + i] = y;
      convolved[b * width + i] = convolve(y, states[blockIdx.y] + state, convolution, stride, i, width, taps);
    }
    __syncthreads(); // values are free again
  }
}

struct Gates {
  float* const* states;
  int steps, step; // of each sequence, and the one that is computed
  long long hidden;
  const float* normed;
  int normedStride;
  const float *convolved, *weights, *recurrent;
  int stride;
  const float* bias;
  float* gates;
  int width, heads, sequences;
  __device__ __forceinline__ long long row(int sequence) const { return (long long)sequence * steps + step; }
};

// A warp computes OUTPUTS outputs of ROWS sequences; all have the same inputs, because OUTPUTS divides DH. A weight is read once for all of them, an input for all outputs.
template <int ROWS, int OUTPUTS>
__device__ __forceinline__ void gates(const Gates p) {
  const int width = p.width, output = (blockIdx.x * 8 + (threadIdx.x >> 5)) * OUTPUTS, lane = threadIdx.x & 31, size = width / p.heads, first = ROWS * blockIdx.y;
  letNextBegin();
  const int gate = output / width, unit = output % width, head = unit / size, from = head * size;
  const long long within = ((long long)head * 4 + gate) * size + unit % size; // of the recurrent weights
  const float *w = p.weights + (long long)output * p.stride, *r = p.recurrent + within * p.stride;
  const bool present = output < 4 * width, four = size % 4 == 0;
  float4 w4[OUTPUTS] = {}, r4[OUTPUTS] = {};
  if (present && four && 4 * lane < size)
#pragma unroll
    for (int o = 0; o < OUTPUTS; o++) {
      w4[o] = *(const float4*)(w + o * p.stride + 4 * lane);
      r4[o] = *(const float4*)(r + o * p.stride + 4 * lane);
    }
  waitForInputs();
  if (!present) return;
  float sums[OUTPUTS][ROWS] = {};
  for (int k = (four ? 4 : 1) * lane; k < size; k += four ? 128 : 32) {
    if (four && k >= 128)
#pragma unroll
      for (int o = 0; o < OUTPUTS; o++) { w4[o] = *(const float4*)(w + o * p.stride + k); r4[o] = *(const float4*)(r + o * p.stride + k); }
#pragma unroll
    for (int i = 0; i < ROWS; i++) {
      const int sequence = min(first + i, p.sequences - 1);
      const float* x = (gate < 2 ? p.convolved + p.row(sequence) * width : p.normed + p.row(sequence) * p.normedStride) + from + k;
      const float* h = p.states[sequence] + p.hidden + from + k;
      if (four) {
        const float4 a = *(const float4*)x, g = *(const float4*)h;
#pragma unroll
        for (int o = 0; o < OUTPUTS; o++) {
          sums[o][i] = fmaf(w4[o].x, a.x, fmaf(w4[o].y, a.y, fmaf(w4[o].z, a.z, fmaf(w4[o].w, a.w, sums[o][i]))));
          sums[o][i] = fmaf(r4[o].x, g.x, fmaf(r4[o].y, g.y, fmaf(r4[o].z, g.z, fmaf(r4[o].w, g.w, sums[o][i]))));
        }
      } else {
#pragma unroll
        for (int o = 0; o < OUTPUTS; o++) sums[o][i] = fmaf(w[o * p.stride + k], *x, fmaf(r[o * p.stride + k], *h, sums[o][i]));
      }
    }
  }
#pragma unroll
  for (int o = 0; o < OUTPUTS; o++)
#pragma unroll
    for (int i = 0; i < ROWS; i++) {
      const float sum = warpSum(sums[o][i]);
      if (lane == 0 && first + i < p.sequences) p.gates[p.row(first + i) * 4 * width + output + o] = sum + p.bias[within + o];
    }
}

// The gates before their functions: (rows, 4, width) for i, f, z, o. i and f read the convolution, z and o the norm; all read h of their head.
// weights: (4, width, stride) and recurrent: (heads, 4, DH, stride), of output and input. bias: (heads, 4, DH).
#define GATES(name, rowTile, outputs) \
  extern "C" __global__ void __launch_bounds__(256) name( \
      float* const* states, int steps, int step, long long hidden, const float* normed, int normedStride, const float* convolved, const float* weights, \
      const float* recurrent, int stride, const float* bias, float* out, int width, int heads, int sequences) { \
    gates<rowTile, outputs>( \
        {states, steps, step, hidden, normed, normedStride, convolved, weights, recurrent, stride, bias, out, width, heads, sequences}); \
  }

GATES(slstm_gates_1, 1, 1) // grid (⌈4·width / 8⌉, sequences), 256 threads
GATES(slstm_gates_8, 8, 4) // grid (⌈4·width / 32⌉, ⌈sequences / 8⌉), 256 threads; DH: a multiple of 4

// h, c, n and m advance; x += norm of each head. section: from h to c, from c to n and from n to m. Grid (heads, sequences), 128 threads; shared: DH floats.
extern "C" __global__ void slstm_cell(
    float* const* states, int steps, int step, long long hidden, long long section, const float* gates, const float* headNorm, float* x, int xStride, int width, int heads) {
  extern __shared__ float values[];
  letNextBegin();
  waitForInputs();
  const int size = width / heads, first = blockIdx.x * size;
  const long long b = (long long)blockIdx.y * steps + step;
  float* h = states[blockIdx.y] + hidden + first;
  const float* g = gates + b * 4 * width + first;
  for (int i = threadIdx.x; i < size; i += blockDim.x) {
    float *c = h + section + i, *n = c + section, *m = n + section;
    const float input = g[i], carried = logSigmoid(g[width + i]) + *m, max = fmaxf(carried, input), keep = expf(carried - max), write = expf(input - max);
    *c = fmaf(keep, *c, write * tanhf(g[2 * width + i]));
    *n = fmaf(keep, *n, write);
    *m = max;
    values[i] = h[i] = sigmoid(g[3 * width + i]) * *c / *n;
  }
  __syncthreads();
  const float2 m = moments(values, size);
  for (int i = threadIdx.x; i < size; i += blockDim.x) x[b * xStride + first + i] += (values[i] - m.x) * m.y * headNorm[first + i];
}
