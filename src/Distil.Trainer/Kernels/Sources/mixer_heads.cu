// Queries, keys and values of a linearised layer: norm of heads, rotation, and the share of the memory; and the backward pass. A warp a position of a head.
//   SIZE   of a head, a multiple of 32.   HEADS of queries.   SHARED heads of keys and values.
// x: (N, HEADS + 2·SHARED, SIZE) bf16, N = B·S. Results by head: (heads, N, SIZE). angles: cos and sin, (S, SIZE) float.
#include "bfloat16.cuh"
#include "lanes.cuh"
#include "activations.cuh"

#define GROUP (HEADS / SHARED)
#define WARPS 8

// A head's values before rotation. n: as normed but not yet weighed; of a head without a norm, as x.
struct Head { float x[EACH], n[EACH], scale; };

__device__ __forceinline__ Head headOf(const bf16* x, const float* weight, float epsilon, int lane) {
  Head h;
  float squares = 0.f;
  take(x, lane, h.x);
  ALL_VALUES { h.n[i] = h.x[i]; squares += h.x[i] * h.x[i]; }
  h.scale = 1.f;
  if (weight) {
    h.scale = rsqrtf(warpSum(squares) / SIZE + epsilon);
    ALL_VALUES { h.n[i] = h.x[i] * h.scale; h.x[i] = h.n[i] * weight[e]; }
  }
  return h;
}

// Rotary angles of a position. A value's partner in the rotation is SIZE/2 away: in the lane with the other half.
struct Angle {
  float cosine[EACH], sine[EACH];
  __device__ Angle(const float* cosines, const float* sines, int lane) { take(cosines, lane, cosine); take(sines, lane, sine); }
};

__device__ __forceinline__ void rotate(const float (&x)[EACH], const Angle& angle, bf16* to, int lane) {
  float y[EACH];
  ALL_VALUES {
    const float partner = __shfl_xor_sync(~0u, x[i], 16);
    y[i] = x[i] * angle.cosine[i] + (lane < 16 ? -partner : partner) * angle.sine[i];
  }
  give(to, lane, y);
}

// share: (N, HEADS) float, σ(mix·[q, k, v] + bias), before rotation; null without a window. Grid (⌈N/8⌉, SHARED).
extern "C" __global__ void __launch_bounds__(32 * WARPS) mixer_heads(
    const bf16* x, const float* cosine, const float* sine, const float* queryNorm, const float* keyNorm, const float* mix, const float* mixBias, bf16* queries, bf16* keys,
    bf16* values, float* share, long long positions, int length, float epsilon) {
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, s = blockIdx.y;
  const long long n = (long long)blockIdx.x * WARPS + warp;
  if (n >= positions) return;
  const bf16* row = x + n * (HEADS + 2 * SHARED) * SIZE;
  const Angle angle(cosine + n % length * SIZE, sine + n % length * SIZE, lane);
  const Head k = headOf(row + (HEADS + s) * SIZE, keyNorm, epsilon, lane), v = headOf(row + (HEADS + SHARED + s) * SIZE, 0, epsilon, lane);
  rotate(k.x, angle, keys + (s * positions + n) * SIZE, lane);
  give(values + (s * positions + n) * SIZE, lane, v.x);
  for (int g = 0; g < GROUP; g++) {
    const int h = s * GROUP + g;
    const Head q = headOf(row + h * SIZE, queryNorm, epsilon, lane);
    rotate(q.x, angle, queries + (h * positions + n) * SIZE, lane);
    if (share) {
      float w[3][EACH], sum = 0.f;
#pragma unroll
      for (int part = 0; part < 3; part++) take(mix + (h * 3 + part) * SIZE, lane, w[part]);
      ALL_VALUES sum += q.x[i] * w[0][i] + k.x[i] * w[1][i] + v.x[i] * w[2][i];
      sum = warpSum(sum);
      if (lane == 0) share[n * HEADS + h] = sigmoid(sum + mixBias[h]);
    }
  }
}

// The gradient before rotation from the sum of two after it (either null): the rotation's transpose.
__device__ __forceinline__ void turnBack(const bf16* first, const bf16* second, const Angle& angle, float (&x)[EACH], int lane) {
  float a[EACH], b[EACH];
  ALL_VALUES a[i] = b[i] = 0.f;
  if (first) take(first, lane, a);
  if (second) take(second, lane, b);
  ALL_VALUES {
    const float d = a[i] + b[i], partner = __shfl_xor_sync(~0u, d * angle.sine[i], 16);
    x[i] = d * angle.cosine[i] + (lane < 16 ? partner : -partner);
  }
}

// Through the norm of heads: dx from the gradient of what it gave; adds to the weight's.
__device__ __forceinline__ void throughNorm(const Head& h, const float* weight, float (&d)[EACH], float (&dWeight)[EACH], bf16* to, int lane) {
  float mean = 0.f;
  if (weight) {
    ALL_VALUES { dWeight[i] += d[i] * h.n[i]; d[i] *= weight[e]; mean += d[i] * h.n[i]; }
    mean = warpSum(mean) / SIZE;
  }
  if (weight) ALL_VALUES d[i] = h.scale * (d[i] - h.n[i] * mean);
  give(to, lane, d);
}

// dLogit: (N, HEADS) float, of the share before σ; null without a window. The gradients after rotation are by head, those of values by query head from the memory (null without
// one) and by shared head from the window (null without one); dq and dk have two parts each, either null.
// partial: (gridDim.x, HEADS, 3·SIZE + 1) float, of mix and its bias. partialNorm: (gridDim.x, SHARED, 2, SIZE), of the norms of queries and keys; null without them. Grid (any, SHARED).
extern "C" __global__ void __launch_bounds__(32 * WARPS) mixer_heads_backward(
    const bf16* x, const float* cosine, const float* sine, const float* queryNorm, const float* keyNorm, const float* mix, const float* dLogit, const bf16* dq0, const bf16* dq1,
    const bf16* dk0, const bf16* dk1, const bf16* dvOfHeads, const bf16* dvShared, bf16* dx, float* partial, float* partialNorm, long long positions, int length, float epsilon) {
  __shared__ float place[WARPS][SIZE];
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, s = blockIdx.y;
  float dMix[GROUP][3][EACH], dBias[GROUP], dQueryNorm[EACH], dKeyNorm[EACH];
#pragma unroll
  for (int i = 0; i < EACH; i++) dQueryNorm[i] = dKeyNorm[i] = 0.f;
#pragma unroll
  for (int g = 0; g < GROUP; g++) {
    dBias[g] = 0.f;
#pragma unroll
    for (int i = 0; i < EACH; i++) dMix[g][0][i] = dMix[g][1][i] = dMix[g][2][i] = 0.f;
  }
  for (long long n = (long long)blockIdx.x * WARPS + warp; n < positions; n += (long long)gridDim.x * WARPS) {
    const long long row = n * (HEADS + 2 * SHARED) * SIZE, ofShared = (s * positions + n) * SIZE;
    const Head k = headOf(x + row + (HEADS + s) * SIZE, keyNorm, epsilon, lane), v = headOf(x + row + (HEADS + SHARED + s) * SIZE, 0, epsilon, lane);
    const Angle angle(cosine + n % length * SIZE, sine + n % length * SIZE, lane);
    float dk[EACH], dv[EACH];
    turnBack(dk0 ? dk0 + ofShared : 0, dk1 ? dk1 + ofShared : 0, angle, dk, lane);
    ALL_VALUES dv[i] = 0.f;
    if (dvShared) take(dvShared + ofShared, lane, dv);
#pragma unroll
    for (int g = 0; g < GROUP; g++) {
      const int h = s * GROUP + g;
      const long long of = (h * positions + n) * SIZE;
      const Head q = headOf(x + row + h * SIZE, queryNorm, epsilon, lane);
      float dq[EACH];
      turnBack(dq0 ? dq0 + of : 0, dq1 ? dq1 + of : 0, angle, dq, lane);
      if (dvOfHeads) {
        float own[EACH];
        take(dvOfHeads + of, lane, own);
        ALL_VALUES dv[i] += own[i];
      }
      if (dLogit) {
        const float d = dLogit[n * HEADS + h];
        float w[3][EACH];
#pragma unroll
        for (int part = 0; part < 3; part++) take(mix + (h * 3 + part) * SIZE, lane, w[part]);
        dBias[g] += d;
        ALL_VALUES {
          dMix[g][0][i] += d * q.x[i]; dMix[g][1][i] += d * k.x[i]; dMix[g][2][i] += d * v.x[i];
          dq[i] += d * w[0][i]; dk[i] += d * w[1][i]; dv[i] += d * w[2][i];
        }
      }
      throughNorm(q, queryNorm, dq, dQueryNorm, dx + row + h * SIZE, lane);
    }
    throughNorm(k, keyNorm, dk, dKeyNorm, dx + row + (HEADS + s) * SIZE, lane);
    give(dx + row + (HEADS + SHARED + s) * SIZE, lane, dv);
  }

  // Sums over the block's warps, one kind of value after the other.
  auto sum = [&](const float (&x)[EACH], float* to) {
    __syncthreads();
    ALL_VALUES place[warp][e] = x[i];
    __syncthreads();
    for (int e = threadIdx.x; e < SIZE; e += 32 * WARPS) {
      float total = 0.f;
#pragma unroll
      for (int w = 0; w < WARPS; w++) total += place[w][e];
      to[e] = total;
    }
  };
  if (dLogit) {
#pragma unroll
    for (int g = 0; g < GROUP; g++) {
      float* to = partial + ((long long)blockIdx.x * HEADS + s * GROUP + g) * (3 * SIZE + 1);
#pragma unroll
      for (int part = 0; part < 3; part++) sum(dMix[g][part], to + part * SIZE);
      __syncthreads();
      if (lane == 0) place[warp][0] = dBias[g];
      __syncthreads();
      if (threadIdx.x == 0) {
        float total = 0.f;
        for (int w = 0; w < WARPS; w++) total += place[w][0];
        to[3 * SIZE] = total;
      }
    }
  }
  if (partialNorm) {
    float* to = partialNorm + ((long long)blockIdx.x * SHARED + s) * 2 * SIZE;
    sum(dQueryNorm, to);
    sum(dKeyNorm, to + SIZE);
  }
}
