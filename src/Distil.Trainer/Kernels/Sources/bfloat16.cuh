// bfloat16 without CUDA's headers, which a machine that only runs models does not have.
typedef unsigned short bf16;

__device__ __forceinline__ float toFloat(bf16 x) { return __uint_as_float((unsigned)x << 16); }
__device__ __forceinline__ float lowFloat(unsigned pair) { return __uint_as_float(pair << 16); }
__device__ __forceinline__ float highFloat(unsigned pair) { return __uint_as_float(pair & 0xffff0000u); }

// Two floats, rounded to nearest, in one register: the first in the low half.
__device__ __forceinline__ unsigned toPair(float low, float high) {
  unsigned pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}

__device__ __forceinline__ bf16 toBf16(float x) { return (bf16)(toPair(x, 0.f) & 0xffffu); }
