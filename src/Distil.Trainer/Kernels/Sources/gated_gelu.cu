// gelu(gate)·up, gate and up the two halves of a row. Exact GELU, by the error function. Threads take eight values each.
// F is a multiple of 8. x: fp16 (N, 2·F). y, gradient: bf16 (N, F). halves: bf16 (N, 2·F), x rounded, for the backward pass; null where there is none.
#include "bfloat16.cuh"
#include "float16.cuh"

__device__ __forceinline__ float gelu(float x) { return 0.5f * x * (1.f + erff(x * 0.70710678f)); }
__device__ __forceinline__ float geluSlope(float x) { return 0.5f * (1.f + erff(x * 0.70710678f)) + x * 0.39894228f * __expf(-0.5f * x * x); }

__device__ __forceinline__ void loadEight(const fp16* from, float (&to)[8]) {
  const uint4 packed = *(const uint4*)from;
  const float2 a = halfFloats(packed.x), b = halfFloats(packed.y), c = halfFloats(packed.z), d = halfFloats(packed.w);
  to[0] = a.x; to[1] = a.y; to[2] = b.x; to[3] = b.y; to[4] = c.x; to[5] = c.y; to[6] = d.x; to[7] = d.y;
}

__device__ __forceinline__ void storeEight(bf16* to, const float (&from)[8]) {
  *(uint4*)to = make_uint4(toPair(from[0], from[1]), toPair(from[2], from[3]), toPair(from[4], from[5]), toPair(from[6], from[7]));
}

extern "C" __global__ void gated_gelu_forward(const fp16* x, bf16* y, bf16* halves, long long rows, int width) {
  for (long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x; i < rows * (width / 8); i += (long long)gridDim.x * blockDim.x) {
    const long long row = i / (width / 8), d = i % (width / 8) * 8;
    float gate[8], up[8], out[8];
    loadEight(x + row * 2 * width + d, gate);
    loadEight(x + row * 2 * width + width + d, up);
#pragma unroll
    for (int k = 0; k < 8; k++) out[k] = gelu(gate[k]) * up[k];
    storeEight(y + row * width + d, out);
    if (halves) {
      storeEight(halves + row * 2 * width + d, gate);
      storeEight(halves + row * 2 * width + width + d, up);
    }
  }
}

extern "C" __global__ void gated_gelu_backward(const bf16* gradient, const bf16* halves, bf16* dx, long long rows, int width) {
  for (long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x; i < rows * (width / 8); i += (long long)gridDim.x * blockDim.x) {
    const long long row = i / (width / 8), d = i % (width / 8) * 8;
    const uint4 gate = *(const uint4*)(halves + row * 2 * width + d), up = *(const uint4*)(halves + row * 2 * width + width + d), back = *(const uint4*)(gradient + row * width + d);
    const unsigned g[4] = {gate.x, gate.y, gate.z, gate.w}, u[4] = {up.x, up.y, up.z, up.w}, b[4] = {back.x, back.y, back.z, back.w};
    unsigned dGate[4], dUp[4];
#pragma unroll
    for (int k = 0; k < 4; k++) {
      const float g0 = lowFloat(g[k]), g1 = highFloat(g[k]), b0 = lowFloat(b[k]), b1 = highFloat(b[k]);
      dGate[k] = toPair(b0 * lowFloat(u[k]) * geluSlope(g0), b1 * highFloat(u[k]) * geluSlope(g1));
      dUp[k] = toPair(b0 * gelu(g0), b1 * gelu(g1));
    }
    *(uint4*)(dx + row * 2 * width + d) = make_uint4(dGate[0], dGate[1], dGate[2], dGate[3]);
    *(uint4*)(dx + row * 2 * width + width + d) = make_uint4(dUp[0], dUp[1], dUp[2], dUp[3]);
  }
}
