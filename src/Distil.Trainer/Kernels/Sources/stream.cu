// The float residual stream of a Transformer: sum and RMSNorm into bf16, SwiGLU, and the backward pass. Widths are multiples of 8.
#include "logits.cuh"

#define THREADS 256
//   PIECES   of 8 values that a thread has of a row: blockDim.x · 8 · PIECES is at least the width.
#define EACH_PIECE(width) _Pragma("unroll") for (int j = 0, i = threadIdx.x; j < PIECES; j++, i += blockDim.x) if (i < (width) / 8)

struct Eight { float x[8]; };
__device__ __forceinline__ Eight eightOf(const float* from, long long i) {
  const float4 a = ((const float4*)from)[2 * i], b = ((const float4*)from)[2 * i + 1];
  return {{a.x, a.y, a.z, a.w, b.x, b.y, b.z, b.w}};
}
__device__ __forceinline__ Eight eightOf(const bf16* from, long long i) { Eight y; unpack(((const uint4*)from)[i], y.x); return y; }
__device__ __forceinline__ void put(float* to, long long i, const Eight& v) {
  ((float4*)to)[2 * i] = make_float4(v.x[0], v.x[1], v.x[2], v.x[3]);
  ((float4*)to)[2 * i + 1] = make_float4(v.x[4], v.x[5], v.x[6], v.x[7]);
}

// sum = x + delta (both null: x alone); y = weight · sum / √(mean(sum²) + ε); scale: of each row, 1/√(…). One block a row.
extern "C" __global__ void __launch_bounds__(THREADS) rms_norm(
    const float* x, const bf16* delta, const float* weight, float* sum, bf16* y, float* scale, int width, float epsilon) {
  const long long row = blockIdx.x * (long long)(width / 8);
  Eight v[PIECES];
  float squares = 0.f;
  EACH_PIECE(width) {
    v[j] = eightOf(x, row + i);
    if (delta) {
      const Eight d = eightOf(delta, row + i);
#pragma unroll
      for (int k = 0; k < 8; k++) v[j].x[k] += d.x[k];
      put(sum, row + i, v[j]);
    }
#pragma unroll
    for (int k = 0; k < 8; k++) squares += v[j].x[k] * v[j].x[k];
  }
  const float over = rsqrtf(sumOverBlock(squares) / width + epsilon);
  EACH_PIECE(width) {
    const Eight w = eightOf(weight, i);
    float normed[8];
#pragma unroll
    for (int k = 0; k < 8; k++) normed[k] = v[j].x[k] * over * w.x[k];
    ((uint4*)y)[row + i] = pack(normed);
  }
  if (scale && threadIdx.x == 0) scale[blockIdx.x] = over;
}

// dx = dSum (null: 0) + the norm's own; also in bf16 (null if not needed). partial: (gridDim.x, width), of the weight. Any grid.
extern "C" __global__ void __launch_bounds__(THREADS) rms_norm_backward(
    const float* dSum, const bf16* dY, const float* x, const float* weight, const float* scale, float* dx, bf16* rounded, float* partial, int width, int rows) {
  Eight dW[PIECES];
#pragma unroll
  for (int j = 0; j < PIECES; j++)
#pragma unroll
    for (int k = 0; k < 8; k++) dW[j].x[k] = 0.f;
  for (int r = blockIdx.x; r < rows; r += gridDim.x) {
    const long long row = r * (long long)(width / 8);
    const float over = scale[r];
    Eight n[PIECES], g[PIECES];
    float dot = 0.f;
    EACH_PIECE(width) {
      n[j] = eightOf(x, row + i);
      g[j] = eightOf(dY, row + i);
      const Eight w = eightOf(weight, i);
#pragma unroll
      for (int k = 0; k < 8; k++) {
        n[j].x[k] *= over;
        dW[j].x[k] += g[j].x[k] * n[j].x[k];
        g[j].x[k] *= w.x[k];
        dot += g[j].x[k] * n[j].x[k];
      }
    }
    dot = sumOverBlock(dot) / width;
    EACH_PIECE(width) {
      Eight d;
      if (dSum) d = eightOf(dSum, row + i);
#pragma unroll
      for (int k = 0; k < 8; k++) d.x[k] = (dSum ? d.x[k] : 0.f) + over * (g[j].x[k] - n[j].x[k] * dot);
      put(dx, row + i, d);
      if (rounded) ((uint4*)rounded)[row + i] = pack(d.x);
    }
  }
  EACH_PIECE(width) put(partial + (long long)blockIdx.x * width, i, dW[j]);
}

// SiLU(gate)·up from (N, 2·inner), gate first. A thread eight values.
extern "C" __global__ void __launch_bounds__(256) gate_up(const uint4* both, uint4* y, long long vectors, int inner) {
  const int wide = inner / 8;
  for (long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x; i < vectors; i += (long long)gridDim.x * blockDim.x) {
    const long long row = i / wide, column = i % wide;
    float gate[8], up[8];
    unpack(both[row * 2 * wide + column], gate);
    unpack(both[row * 2 * wide + wide + column], up);
#pragma unroll
    for (int k = 0; k < 8; k++) gate[k] = gate[k] / (1.f + __expf(-gate[k])) * up[k];
    y[i] = pack(gate);
  }
}

// From the gradient of that, which is replaced by y: the gradients of gate and up.
extern "C" __global__ void __launch_bounds__(256) gate_up_backward(const uint4* both, uint4* gradient, uint4* dBoth, long long vectors, int inner) {
  const int wide = inner / 8;
  for (long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x; i < vectors; i += (long long)gridDim.x * blockDim.x) {
    const long long row = i / wide, column = i % wide;
    float gate[8], up[8], d[8], y[8];
    unpack(both[row * 2 * wide + column], gate);
    unpack(both[row * 2 * wide + wide + column], up);
    unpack(gradient[i], d);
#pragma unroll
    for (int k = 0; k < 8; k++) {
      const float s = sigmoid(gate[k]), silu = gate[k] * s;
      y[k] = silu * up[k];
      gate[k] = d[k] * up[k] * s * (1.f + gate[k] * (1.f - s));
      up[k] = d[k] * silu;
    }
    dBoth[row * 2 * wide + column] = pack(gate);
    dBoth[row * 2 * wide + wide + column] = pack(up);
    gradient[i] = pack(y);
  }
}
