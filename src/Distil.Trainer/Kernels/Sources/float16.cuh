// float16 without CUDA's headers: 10 bits of fraction where bfloat16 has 7, but no value beyond 65,504. What is infinite counts as that; NaN stays.
struct fp16 { unsigned short bits; };

#define LARGEST 65504.f
__device__ __forceinline__ float held(float x) { return fabsf(x) > LARGEST ? (x < 0 ? -LARGEST : LARGEST) : x; }

__device__ __forceinline__ float2 halfFloats(unsigned pair) {
  float2 x;
  asm("{.reg .b16 l, h; mov.b32 {l, h}, %2; cvt.f32.f16 %0, l; cvt.f32.f16 %1, h;}" : "=f"(x.x), "=f"(x.y) : "r"(pair));
  return make_float2(held(x.x), held(x.y));
}

// Two floats, rounded to nearest, in one register: the first in the low half.
__device__ __forceinline__ unsigned toHalfPair(float low, float high) {
  unsigned pair;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(held(high)), "f"(held(low)));
  return pair;
}
