// Causal depthwise convolution with its SiLU: y(t) = SiLU(b + Σₖ w(k)·x(t − TAPS + 1 + k)), each channel by itself. A thread has two channels of a tile of positions.
//   TAPS       positions that the convolution sees, 1 to 8.
//   POSITIONS  positions in a tile.       SOURCE  what x is forward: bf16, fp16 or float.
// x: SOURCE (B, S, D), rows `stride` apart. Weights float (D, TAPS), bias float (D). Grid (⌈D/2/threads⌉, ⌈S/POSITIONS⌉, B).
#include "bfloat16.cuh"
#include "float16.cuh"
#include "activations.cuh"

struct Channels {
  float weight[TAPS][2], bias[2];
  __device__ Channels(const float* weights, const float* biases, int d) {
#pragma unroll
    for (int k = 0; k < TAPS; k++) { weight[k][0] = weights[d * TAPS + k]; weight[k][1] = weights[(d + 1) * TAPS + k]; }
    bias[0] = biases[d]; bias[1] = biases[d + 1];
  }
  __device__ float sum(const float (&window)[TAPS][2], int c) const {
    float s = bias[c];
#pragma unroll
    for (int k = 0; k < TAPS; k++) s += weight[k][c] * window[k][c];
    return s;
  }
};

__device__ __forceinline__ float2 loadPair(const float* x) { return *(const float2*)x; }
__device__ __forceinline__ float2 loadPair(const fp16* x) { return halfFloats(*(const unsigned*)x); }
__device__ __forceinline__ float2 loadPair(const bf16* x) {
  const unsigned pair = *(const unsigned*)x;
  return make_float2(lowFloat(pair), highFloat(pair));
}

// Moves the window on to a position; zeros outside the sequence.
template <class T> __device__ __forceinline__ void advance(float (&window)[TAPS][2], const T* x, int t, int length, long long stride) {
#pragma unroll
  for (int k = 0; k + 1 < TAPS; k++) { window[k][0] = window[k + 1][0]; window[k][1] = window[k + 1][1]; }
  const float2 pair = t >= 0 && t < length ? loadPair(x + t * stride) : make_float2(0, 0);
  window[TAPS - 1][0] = pair.x; window[TAPS - 1][1] = pair.y;
}

// rounded: bf16 (B, S, D), x itself, or null.
extern "C" __global__ void convolution_forward(
    const SOURCE* x, const float* weights, const float* biases, bf16* y, bf16* rounded, int length, int width, long long stride) {
  const int d = 2 * (blockIdx.x * blockDim.x + threadIdx.x), start = blockIdx.y * POSITIONS;
  if (d >= width) return;
  const Channels channels(weights, biases, d);
  x += (long long)blockIdx.z * length * stride + d;
  const long long first = (long long)blockIdx.z * length * width + d;
  float window[TAPS][2];
#pragma unroll
  for (int k = 1; k < TAPS; k++) advance(window, x, start - TAPS + k, length, stride);
#pragma unroll 4
  for (int t = start; t < start + POSITIONS; t++) {
    if (t >= length) return;
    advance(window, x, t, length, stride);
    *(unsigned*)(y + first + (long long)t * width) = toPair(silu(channels.sum(window, 0)), silu(channels.sum(window, 1)));
    if (rounded) *(unsigned*)(rounded + first + (long long)t * width) = toPair(window[TAPS - 1][0], window[TAPS - 1][1]);
  }
}

// sums: float (B · tiles, TAPS + 1, D): the tile's part of the gradients of the taps and, last, of the bias.
extern "C" __global__ void convolution_backward(
    const bf16* gradient, const bf16* x, const float* weights, const float* biases, bf16* dx, float* sums, int length, int width, long long stride) {
  const int d = 2 * (blockIdx.x * blockDim.x + threadIdx.x), start = blockIdx.y * POSITIONS;
  if (d >= width) return;
  const Channels channels(weights, biases, d);
  x += (long long)blockIdx.z * length * stride + d;
  gradient += (long long)blockIdx.z * length * width + d;
  dx += (long long)blockIdx.z * length * width + d;
  float window[TAPS][2], slopes[TAPS][2] = {}, dWeight[TAPS][2] = {}, dBias[2] = {0, 0};
#pragma unroll
  for (int k = 1; k < TAPS; k++) advance(window, x, start - TAPS + k, length, stride);
  // The gradient of x(t) needs the sums' gradients at t … t + TAPS − 1, the later ones from the next tile.
#pragma unroll 4
  for (int t = start; t < start + POSITIONS + TAPS - 1; t++) {
    advance(window, x, t, length, stride);
    unsigned g = t < length ? *(const unsigned*)(gradient + (long long)t * width) : 0;
    float slope[2] = {lowFloat(g) * siluSlope(channels.sum(window, 0)), highFloat(g) * siluSlope(channels.sum(window, 1))};
#pragma unroll
    for (int c = 0; c < 2; c++) {
#pragma unroll
      for (int k = 0; k + 1 < TAPS; k++) slopes[k][c] = slopes[k + 1][c];
      slopes[TAPS - 1][c] = slope[c];
      if (t < start + POSITIONS) {
        dBias[c] += slope[c];
#pragma unroll
        for (int k = 0; k < TAPS; k++) dWeight[k][c] += slope[c] * window[k][c];
      }
    }
    const int done = t - TAPS + 1;  // all that x(done) feeds is known
    if (done >= start && done < length) {
      float sum[2] = {0, 0};
#pragma unroll
      for (int k = 0; k < TAPS; k++) { sum[0] += channels.weight[TAPS - 1 - k][0] * slopes[k][0]; sum[1] += channels.weight[TAPS - 1 - k][1] * slopes[k][1]; }
      *(unsigned*)(dx + (long long)done * width) = toPair(sum[0], sum[1]);
    }
  }
  sums += ((long long)blockIdx.z * gridDim.y + blockIdx.y) * (TAPS + 1) * width + d;
#pragma unroll
  for (int k = 0; k < TAPS; k++) *(float2*)(sums + (long long)k * width) = make_float2(dWeight[k][0], dWeight[k][1]);
  *(float2*)(sums + (long long)TAPS * width) = make_float2(dBias[0], dBias[1]);
}
