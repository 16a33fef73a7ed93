// A row of logits, 16 bytes at a time, in bfloat16 or float32; and sums over a block.
#include "bfloat16.cuh"
#include "activations.cuh"

#define NONE __int_as_float(0xff800000)  // −inf

__device__ __forceinline__ float load(const bf16* row, long long i) { return toFloat(row[i]); }
__device__ __forceinline__ float load(const float* row, long long i) { return row[i]; }
__device__ __forceinline__ void store(bf16* row, long long i, float x) { row[i] = toBf16(x); }
__device__ __forceinline__ void store(float* row, long long i, float x) { row[i] = x; }

// Elements of T in 16 bytes.
template <class T> struct Wide { static const int Count = 16 / sizeof(T); };

__device__ __forceinline__ void unpack(const uint4& from, float (&to)[8]) {
  to[0] = lowFloat(from.x); to[1] = highFloat(from.x); to[2] = lowFloat(from.y); to[3] = highFloat(from.y);
  to[4] = lowFloat(from.z); to[5] = highFloat(from.z); to[6] = lowFloat(from.w); to[7] = highFloat(from.w);
}
__device__ __forceinline__ void unpack(const uint4& from, float (&to)[4]) {
  to[0] = __uint_as_float(from.x); to[1] = __uint_as_float(from.y); to[2] = __uint_as_float(from.z); to[3] = __uint_as_float(from.w);
}
__device__ __forceinline__ uint4 pack(const float (&from)[8]) {
  return make_uint4(toPair(from[0], from[1]), toPair(from[2], from[3]), toPair(from[4], from[5]), toPair(from[6], from[7]));
}
__device__ __forceinline__ uint4 pack(const float (&from)[4]) {
  return make_uint4(__float_as_uint(from[0]), __float_as_uint(from[1]), __float_as_uint(from[2]), __float_as_uint(from[3]));
}

// The values of a vector, −inf beyond the vocabulary: a row's last vector may reach into its padding.
template <int N>
__device__ __forceinline__ void unpackRow(const uint4& from, int vector, int vocabulary, float (&to)[N]) {
  unpack(from, to);
  if ((vector + 1) * N > vocabulary) {
#pragma unroll
    for (int k = 0; k < N; k++) if (vector * N + k >= vocabulary) to[k] = NONE;
  }
}

struct Maximum { __device__ __forceinline__ float operator()(float a, float b) const { return fmaxf(a, b); } };
struct Sum { __device__ __forceinline__ float operator()(float a, float b) const { return a + b; } };

// One value for the whole block from one of each thread; every thread gets it. Threads are a multiple of 32.
template <class Op>
__device__ __forceinline__ float overBlock(float x, Op op, float none) {
  __shared__ float parts[33];
#pragma unroll
  for (int lane = 16; lane > 0; lane >>= 1) x = op(x, __shfl_xor_sync(~0u, x, lane));
  __syncthreads();
  if ((threadIdx.x & 31) == 0) parts[threadIdx.x >> 5] = x;
  __syncthreads();
  if (threadIdx.x < 32) {
    float y = threadIdx.x < blockDim.x >> 5 ? parts[threadIdx.x] : none;
#pragma unroll
    for (int lane = 16; lane > 0; lane >>= 1) y = op(y, __shfl_xor_sync(~0u, y, lane));
    if (threadIdx.x == 0) parts[32] = y;
  }
  __syncthreads();
  return parts[32];
}
__device__ __forceinline__ float maxOverBlock(float x) { return overBlock(x, Maximum(), NONE); }
__device__ __forceinline__ float sumOverBlock(float x) { return overBlock(x, Sum(), 0.f); }
