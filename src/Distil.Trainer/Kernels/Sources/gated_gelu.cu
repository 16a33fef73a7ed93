// gelu(gate)·up, gate and up the two halves of a row. Exact GELU, by the error function. Threads take eight values each.
// x: bf16 (N, 2·F), F a multiple of 8. y, gradient: bf16 (N, F).
#include "bfloat16.cuh"

__device__ __forceinline__ float gelu(float x) { return 0.5f * x * (1.f + erff(x * 0.70710678f)); }
__device__ __forceinline__ float geluSlope(float x) { return 0.5f * (1.f + erff(x * 0.70710678f)) + x * 0.39894228f * __expf(-0.5f * x * x); }

extern "C" __global__ void gated_gelu_forward(const bf16* x, bf16* y, long long rows, int width) {
  for (long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x; i < rows * (width / 8); i += (long long)gridDim.x * blockDim.x) {
    const long long row = i / (width / 8), d = i % (width / 8) * 8;
    const uint4 gate = *(const uint4*)(x + row * 2 * width + d), up = *(const uint4*)(x + row * 2 * width + width + d);
    const unsigned g[4] = {gate.x, gate.y, gate.z, gate.w}, u[4] = {up.x, up.y, up.z, up.w};
    unsigned out[4];
#pragma unroll
    for (int k = 0; k < 4; k++) out[k] = toPair(gelu(lowFloat(g[k])) * lowFloat(u[k]), gelu(highFloat(g[k])) * highFloat(u[k]));
    *(uint4*)(y + row * width + d) = make_uint4(out[0], out[1], out[2], out[3]);
  }
}

extern "C" __global__ void gated_gelu_backward(const bf16* gradient, const bf16* x, bf16* dx, long long rows, int width) {
  for (long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x; i < rows * (width / 8); i += (long long)gridDim.x * blockDim.x) {
    const long long row = i / (width / 8), d = i % (width / 8) * 8;
    const uint4 gate = *(const uint4*)(x + row * 2 * width + d), up = *(const uint4*)(x + row * 2 * width + width + d), back = *(const uint4*)(gradient + row * width + d);
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
