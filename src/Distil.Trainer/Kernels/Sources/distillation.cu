// Next-token loss, divergence from a sparse teacher over buckets, and the gradient of their weighted sum in place of the logits: one block a row.
// The equations are those of PlainLogitLoss, the plain twin. Kept tokens leave the row before it is summed and come back as gradients,
// so that the bucket's mass is a sum of its own members. What a block's shared memory holds of the row (`cached` vectors, the first) is read once, the rest twice.
#include "logits.cuh"
#include "divergence.cuh"

#define MOST_NODES 12
struct Nodes { float weight[MOST_NODES]; };

// The teacher's distribution at the step's temperature (TeacherTargets.At): thread k holds token k; the last `draws` were drawn from the tail.
struct Teacher { float keptLog, tailLog; };

__device__ __forceinline__ Teacher temper(const float* logProbabilities, const float* tail, int kept, int draws, int nodes, float inverseT, const Nodes& w) {
  int t = threadIdx.x;
  float own = t < kept ? logProbabilities[t] * inverseT : NONE;
  float log = t < kept - draws ? own : NONE;
  float bucket = NONE;
  if (tail[0] != NONE) {
    bucket = 0.f;
#pragma unroll
    for (int i = 0; i < MOST_NODES; i++) if (i < nodes) bucket += w.weight[i] * tail[i];
  }
  float top = fmaxf(maxOverBlock(log), bucket);
  float total = top + logf(sumOverBlock(log == NONE ? 0.f : expf(log - top)) + (bucket == NONE ? 0.f : expf(bucket - top)));
  return {own - total, bucket - total};
}

template <class T>
__device__ __forceinline__ void losses(
    T* logits, long long stride, int vocabulary, const long long* labels, const float* ceScales, const float* klScales,
    const long long* ids, const float* logProbabilities, const float* tails, const float* drawWeights, int kept, int draws, int nodes, float inverseT, const Nodes& w,
    float weight, int cached, float* ce, float* kl) {
  extern __shared__ uint4 cache[];
  constexpr int N = Wide<T>::Count;
  const int t = threadIdx.x, threads = blockDim.x, vectors = (vocabulary + N - 1) / N;
  const long long row = blockIdx.x;
  T* z = logits + row * stride;
  uint4* wide = (uint4*)z;
  const float ceScale = ceScales[row], klScale = klScales[row];
  const int label = (int)labels[row];
  const float labelLogit = load(z, label);

  Teacher teacher = {NONE, NONE};
  if (kept > 0) teacher = temper(logProbabilities + row * kept, tails + row * nodes, kept, draws, nodes, inverseT, w);
  const bool mine = t < kept && teacher.keptLog != NONE, drawn = mine && t >= kept - draws, exact = mine && !drawn;
  const int id = mine ? (int)ids[row * kept + t] : -1;
  const float keptLogit = mine ? load(z, id) : NONE;
  __syncthreads();
  if (exact) store(z, id, NONE);
  __syncthreads();

  // Sums over the tokens that are not kept, relative to each thread's own maximum.
  const float scaleT = LOG2E * inverseT;
  const bool same = inverseT == 1.f;
  float m = -1e30f, plain = 0.f, tempered = 0.f;
  for (int first = t; first < vectors; first += 4 * threads) {
    uint4 ahead[4];
#pragma unroll
    for (int j = 0; j < 4; j++) {
      int i = first + j * threads;
      if (i < vectors) ahead[j] = wide[i];
    }
#pragma unroll
    for (int j = 0; j < 4; j++) {
      int i = first + j * threads;
      if (i >= vectors) break;
      if (i < cached) cache[i] = ahead[j];
      float x[N];
      unpackRow(ahead[j], i, vocabulary, x);
      float top = x[0];
#pragma unroll
      for (int k = 1; k < N; k++) top = fmaxf(top, x[k]);
      if (top > m) {
        plain *= exp2Fast((m - top) * LOG2E);
        tempered *= exp2Fast((m - top) * scaleT);
        m = top;
      }
      const float shiftT = m * scaleT, shift = m * LOG2E;
#pragma unroll
      for (int k = 0; k < N; k++) tempered += exp2Fast(x[k] * scaleT - shiftT);
      if (!same) {
#pragma unroll
        for (int k = 0; k < N; k++) plain += exp2Fast(x[k] * LOG2E - shift);
      }
    }
  }

  const float max = maxOverBlock(fmaxf(m, keptLogit));
  const float rest = sumOverBlock(tempered * exp2Fast((m - max) * scaleT));
  const float total = rest + sumOverBlock(exact ? exp2Fast((keptLogit - max) * scaleT) : 0.f);
  const float plainTotal = same ? total
      : sumOverBlock(plain * exp2Fast((m - max) * LOG2E) + (exact ? exp2Fast((keptLogit - max) * LOG2E) : 0.f));

  // Gradient = softmax·a + (g − s·G)·b, with the bucket's g in the place of each token's outside the kept ones.
  const float maxT = max * scaleT, maxPlain = max * LOG2E;
  const float a = ceScale / plainTotal, b = kept > 0 ? klScale / total : 0.f, logTotal = logf(total);
  Term own = {0.f, 0.f}, bucket = {0.f, 0.f};
  float bOwn = 0.f, bRest = 0.f;
  if (kept > 0) {
    if (mine) own = termOf(teacher.keptLog, (keptLogit - max) * inverseT - logTotal, weight);
    float ratio = 0.f, bucketWeight = 1.f;
    if (draws > 0) {
      const float drawWeight = drawn ? drawWeights[row * draws + t - (kept - draws)] : 1.f;
      own = {own.value * drawWeight, own.slope * drawWeight};
      bucketWeight -= sumOverBlock(drawn ? drawWeight * expf(teacher.keptLog - teacher.tailLog) : 0.f);
    }
    if (teacher.tailLog != NONE) {
      const float logRest = fmaxf(logf(fmaxf(rest, 1e-37f)) - logTotal, LOWEST_BUCKET);
      bucket = termOf(teacher.tailLog, logRest, weight);
      bucket = {bucket.value * bucketWeight, bucket.slope * bucketWeight};
      ratio = bucket.slope * expf(-logRest);
    }
    const float value = sumOverBlock(own.value);
#if DIVERGENCE == FORWARD_KL
    const float slopes = -1.f;  // the masses add up to 1, and the weights keep that
#else
    const float slopes = sumOverBlock(own.slope) + bucket.slope;
#endif
    bOwn = -b * slopes;
    bRest = b * (ratio - slopes);
    if (t == 0) kl[row] = value + bucket.value;
  } else if (t == 0) {
    kl[row] = 0.f;
  }
  if (t == 0) ce[row] = logf(plainTotal) - (labelLogit - max);

  // Backwards: what was read last is still near. A thread meets the vectors that it met before.
  for (int last = t + (vectors - 1 - t) / threads * threads; last >= 0 && t < vectors; last -= 4 * threads) {
    uint4 ahead[4];
#pragma unroll
    for (int j = 0; j < 4; j++) {
      int i = last - j * threads;
      if (i >= 0) ahead[j] = i < cached ? cache[i] : wide[i];
    }
#pragma unroll
    for (int j = 0; j < 4; j++) {
      int i = last - j * threads;
      if (i < 0) break;
      float x[N];
      unpackRow(ahead[j], i, vocabulary, x);
#pragma unroll
      for (int k = 0; k < N; k++) {
        float e = exp2Fast(x[k] * scaleT - maxT);
        x[k] = (same ? e : exp2Fast(x[k] * LOG2E - maxPlain)) * a + e * bRest;
      }
      wide[i] = pack(x);
    }
  }
  const bool labelKept = __syncthreads_or(mine && id == label);
  if (mine) {
    float x = keptLogit - max;
    store(z, id, a * exp2Fast(x * LOG2E) + (drawn ? bRest : bOwn) * exp2Fast(x * scaleT) + klScale * own.slope - (id == label ? ceScale : 0.f));
  }
  if (t == 0 && !labelKept) {
    float x = labelLogit - max;
    store(z, label, a * exp2Fast(x * LOG2E) + bRest * exp2Fast(x * scaleT) - ceScale);
  }
}

#define PARAMETERS(T) \
  T* logits, long long stride, int vocabulary, const long long* labels, const float* ceScales, const float* klScales, \
  const long long* ids, const float* logProbabilities, const float* tails, const float* drawWeights, int kept, int draws, int nodes, float inverseT, \
  float w0, float w1, float w2, float w3, float w4, float w5, float w6, float w7, float w8, float w9, float w10, float w11, \
  float weight, int cached, float* ce, float* kl
#define BODY \
  Nodes w = {{w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11}}; \
  losses(logits, stride, vocabulary, labels, ceScales, klScales, ids, logProbabilities, tails, drawWeights, kept, draws, nodes, inverseT, w, weight, cached, ce, kl);

extern "C" __global__ void __launch_bounds__(1024) distillation_bf16(PARAMETERS(bf16)) { BODY }
extern "C" __global__ void __launch_bounds__(1024) distillation_float(PARAMETERS(float)) { BODY }
