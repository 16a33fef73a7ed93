// Rows of SIZE values, each by a warp: a lane has EACH of them side by side, in one access where that is possible. After bfloat16.cuh.
//   SIZE   a multiple of 32.
#define EACH (SIZE / 32)
#define ALL_VALUES _Pragma("unroll") for (int i = 0, e = lane * EACH; i < EACH; i++, e++)

__device__ __forceinline__ void take(const bf16* row, int lane, float (&x)[EACH]) {
  row += lane * EACH;
  if (EACH % 4 == 0) {
#pragma unroll
    for (int i = 0; i < EACH / 4; i++) {
      const uint2 pairs = ((const uint2*)row)[i];
      x[4 * i] = lowFloat(pairs.x); x[4 * i + 1] = highFloat(pairs.x); x[4 * i + 2] = lowFloat(pairs.y); x[4 * i + 3] = highFloat(pairs.y);
    }
  } else if (EACH % 2 == 0) {
#pragma unroll
    for (int i = 0; i < EACH / 2; i++) { const unsigned pair = ((const unsigned*)row)[i]; x[2 * i] = lowFloat(pair); x[2 * i + 1] = highFloat(pair); }
  } else {
#pragma unroll
    for (int i = 0; i < EACH; i++) x[i] = toFloat(row[i]);
  }
}

__device__ __forceinline__ void take(const float* row, int lane, float (&x)[EACH]) {
  row += lane * EACH;
  if (EACH % 4 == 0) {
#pragma unroll
    for (int i = 0; i < EACH / 4; i++) { const float4 y = ((const float4*)row)[i]; x[4 * i] = y.x; x[4 * i + 1] = y.y; x[4 * i + 2] = y.z; x[4 * i + 3] = y.w; }
  } else if (EACH % 2 == 0) {
#pragma unroll
    for (int i = 0; i < EACH / 2; i++) { const float2 y = ((const float2*)row)[i]; x[2 * i] = y.x; x[2 * i + 1] = y.y; }
  } else {
#pragma unroll
    for (int i = 0; i < EACH; i++) x[i] = row[i];
  }
}

__device__ __forceinline__ void give(bf16* row, int lane, const float (&x)[EACH]) {
  row += lane * EACH;
  if (EACH % 4 == 0) {
#pragma unroll
    for (int i = 0; i < EACH / 4; i++) ((uint2*)row)[i] = make_uint2(toPair(x[4 * i], x[4 * i + 1]), toPair(x[4 * i + 2], x[4 * i + 3]));
  } else if (EACH % 2 == 0) {
#pragma unroll
    for (int i = 0; i < EACH / 2; i++) ((unsigned*)row)[i] = toPair(x[2 * i], x[2 * i + 1]);
  } else {
#pragma unroll
    for (int i = 0; i < EACH; i++) row[i] = toBf16(x[i]);
  }
}
