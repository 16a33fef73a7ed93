// Gates and activations by the card's fast exponentials: about 1e-6 relative, far under bfloat16's 4e-3.
__device__ __forceinline__ float sigmoid(float x) { return __fdividef(1.f, 1.f + __expf(-x)); }
__device__ __forceinline__ float logSigmoid(float x) { return fminf(x, 0.f) - __logf(1.f + __expf(-fabsf(x))); }
__device__ __forceinline__ float tanhOf(float x) { return 2.f * sigmoid(2.f * x) - 1.f; }
__device__ __forceinline__ float silu(float x) { return x * sigmoid(x); }
__device__ __forceinline__ float siluSlope(float x) { float s = sigmoid(x); return s * (1.f + x * (1.f - s)); }

#define LOG2E 1.4426950408889634f

__device__ __forceinline__ float exp2Fast(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

__device__ __forceinline__ float warpSum(float x) {
#pragma unroll
  for (int o = 16; o; o >>= 1) x += __shfl_xor_sync(~0u, x, o);
  return x;
}

// Inclusive scan over a warp.
template <bool MAXIMUM> __device__ __forceinline__ float warpScan(float x) {
#pragma unroll
  for (int o = 1; o < 32; o <<= 1) {
    const float y = __shfl_up_sync(~0u, x, o);
    if ((threadIdx.x & 31) >= o) x = MAXIMUM ? fmaxf(x, y) : x + y;
  }
  return x;
}
