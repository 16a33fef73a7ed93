// The mLSTM over positive features with the plain normaliser, in chunks of 64 positions (TFLA, arXiv 2503.14376): products in bf16 on tensor cores, sums in float.
//   KEY_SIZE   features of a query or key: a multiple of 16 below 64, or of 64.   VALUE_SIZE of a value: a multiple of 16.
// A sequence is a head of a batch row, h·B + b. φq: (sequences, S, KEY_SIZE). φk of head h: (H/GROUP, B, S, GROUP, KEY_SIZE). v: (H/GROUP, B, S, VALUE_SIZE).
// "Rows" are (sequences, P) floats, P the length rounded up to whole chunks. A state is [KEY_SIZE][VALUE_SIZE + 8]: its column VALUE_SIZE and the next are the sum of the keys in
// two bf16 parts, so that the normaliser is one more column of each product, and more precise, because much cancels against it; the others beyond are 0.
// source a(s) = i(s) − F(s), F the log of what was forgotten since the chunk began; peak u(t) = max(max a(≤ t), M), M the carried stabiliser; a pair (t, s) weighs
// exp(a(s) − u(t)), the carried state exp(M − u(t)) =: carried(t), a key at its chunk's end written(s), the state before the chunk there keep(n).
#include "tiles.cuh"
#include "activations.cuh"

#define STATE_WIDTH (VALUE_SIZE + 8)
#define KEY_STRIDE STRIDE(KEY_SIZE)
#define VALUE_STRIDE WIDER(VALUE_SIZE)
#define KEY_BLOCK (KEY_SIZE < TILE ? KEY_SIZE : TILE)
#define VALUES ((VALUE_SIZE + 8) / 8)     // blocks of 8 columns with the normaliser's
#define NORMALISER (VALUES - 1)

struct Sequence {
  int head, batch, shared, inGroup, n, first, rows;
  long long index, chunk;
  __device__ Sequence(int batches, int group, int length) {
    index = blockIdx.y; n = blockIdx.x; head = index / batches; batch = index % batches; shared = head / group; inGroup = head % group;
    chunk = index * gridDim.x + n; first = n * TILE; rows = min(TILE, length - first);
  }
  __device__ long long row() const { return chunk * TILE; }
  __device__ long long query(int length) const { return (index * length + first) * KEY_SIZE; }
  __device__ long long key(int batches, int length, int group) const { return (((long long)shared * batches + batch) * length + first) * group * KEY_SIZE + inGroup * KEY_SIZE; }
  __device__ long long value(int batches, int length) const { return (((long long)shared * batches + batch) * length + first) * VALUE_SIZE; }
};

// A state into shared memory.
__device__ __forceinline__ void loadState(bf16* to, const bf16* state) {
  for (int i = threadIdx.x; i < KEY_SIZE * STATE_WIDTH / 8; i += TILE_THREADS) {
    const int r = i / (STATE_WIDTH / 8), c = i % (STATE_WIDTH / 8) * 8;
    *(uint4*)(to + r * VALUE_STRIDE + c) = *(const uint4*)(state + r * STATE_WIDTH + c);
  }
}

// A number as the sum of two bf16.
__device__ __forceinline__ unsigned parts(float x) { const float high = toFloat(toBf16(x)); return toPair(high, x - high); }
__device__ __forceinline__ float whole(unsigned pair) { return lowFloat(pair) + highFloat(pair); }

// The columns of a tile that make a sum of its rows: x of each row in two parts, then 0.
__device__ __forceinline__ void setColumn(bf16* tile, int r, float x) { *(uint4*)(tile + r * VALUE_STRIDE + VALUE_SIZE) = make_uint4(parts(x), 0, 0, 0); }
// The sum of the keys in a state's row.
__device__ __forceinline__ float sumOf(const bf16* state, int d) { return whole(*(const unsigned*)(state + d * VALUE_STRIDE + VALUE_SIZE)); }

// What each chunk adds to a state: Σ over its positions of x(t) ⊗ scale(t)·[y(t), last(t)]; last is 1 if null, negative as given otherwise.
// Forward x φk, y v; backward x φq, y the gradient of h. Grid (chunks, sequences).
extern "C" __global__ void __launch_bounds__(TILE_THREADS) memory_outer(
    const bf16* x, const bf16* y, const float* scale, const float* over, const float* last, bf16* states, int batches, int group, int length) {
  extern __shared__ __align__(16) unsigned char shared[];
  bf16 *X = (bf16*)shared, *Y = X + TILE * KEY_STRIDE;
  const Sequence at(batches, group, length);
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  const bool forward = !over;  // over: 1/normaliser
  loadTile<KEY_SIZE, KEY_STRIDE>(X, x + (forward ? at.key(batches, length, group) : at.query(length)), forward ? (long long)group * KEY_SIZE : KEY_SIZE, at.rows);
  const bf16* from = y + (forward ? at.value(batches, length) : (at.index * length + at.first) * VALUE_SIZE);
  for (int i = threadIdx.x; i < TILE * VALUE_SIZE / 2; i += TILE_THREADS) {
    const int r = i / (VALUE_SIZE / 2), c = i % (VALUE_SIZE / 2) * 2;
    const bool real = r < at.rows;
    const float w = real ? scale[at.row() + r] * (forward ? 1.f : over[at.row() + r]) : 0.f;
    const unsigned pair = real ? *(const unsigned*)(from + (long long)r * VALUE_SIZE + c) : 0;
    *(unsigned*)(Y + r * VALUE_STRIDE + c) = toPair(lowFloat(pair) * w, highFloat(pair) * w);
    if (c == 0) setColumn(Y, r, real ? (forward ? w : -last[at.row() + r] * w) : 0.f);
  }
  __syncthreads();
  for (int m = warp * 16; m < KEY_SIZE; m += TILE) {
    float r[VALUES][4];
    clear(r);
#pragma unroll
    for (int k = 0; k < TILE; k += 16) {
      unsigned a[4];
      leftTurned(a, X, KEY_STRIDE, m, k);
      addTurned<VALUES>(r, a, Y, VALUE_STRIDE, 0, k);
    }
    bf16* to = states + (at.chunk * KEY_SIZE + m + (lane >> 2)) * STATE_WIDTH + (lane & 3) * 2;
#pragma unroll
    for (int j = 0; j < VALUES; j++) {
      const bool sum = j == NORMALISER;
      *(unsigned*)(to + j * 8) = sum ? parts(r[j][0] + r[j][1]) : toPair(r[j][0], r[j][1]);
      *(unsigned*)(to + 8 * STATE_WIDTH + j * 8) = sum ? parts(r[j][2] + r[j][3]) : toPair(r[j][2], r[j][3]);
    }
  }
}

// In place, over the chunks of a sequence. Forward, from what each chunk writes to the state after it: after(n) = keep(n)·after(n − 1) + written(n). Backward, from what each
// chunk's queries give to the gradient of the state before it: before(n) = keep(n)·before(n + 1) + given(n). keep: (sequences, chunks). A thread 8 values.
extern "C" __global__ void __launch_bounds__(256) memory_scan(uint4* states, const float* keep, int chunks, int backward) {
  const int at = blockIdx.x * blockDim.x + threadIdx.x, each = KEY_SIZE * STATE_WIDTH / 8;
  if (at >= each) return;
  const bool keys = at % (STATE_WIDTH / 8) == STATE_WIDTH / 8 - 1;  // the sum of the keys, and zeros
  float sum[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  for (int i = 0; i < chunks; i++) {
    const long long n = (long long)blockIdx.y * chunks + (backward ? chunks - 1 - i : i);
    const float kept = keep[n];
    uint4* s = states + n * each + at;
    const uint4 own = *s;
    const unsigned pairs[4] = {own.x, own.y, own.z, own.w};
    unsigned packed[4];
#pragma unroll
    for (int k = 0; k < 4; k++) {
      sum[2 * k] = sum[2 * k] * kept + lowFloat(pairs[k]);
      sum[2 * k + 1] = sum[2 * k + 1] * kept + highFloat(pairs[k]);
      if (keys) { sum[2 * k] += sum[2 * k + 1]; sum[2 * k + 1] = 0.f; }
      packed[k] = keys ? parts(sum[2 * k]) : toPair(sum[2 * k], sum[2 * k + 1]);
    }
    *s = make_uint4(packed[0], packed[1], packed[2], packed[3]);
  }
}

// Scores of a warp's 16 rows of x with those of y, for the blocks of 8 columns from `from` to before `to` (multiples of 2).
__device__ __forceinline__ void scores(float (*r)[4], const bf16* x, const bf16* y, int stride, int depth, int m, int from, int to) {
#pragma unroll
  for (int k = 0; k < depth; k += 16) {
    unsigned a[4];
    left(a, x, stride, m, k);
#pragma unroll
    for (int j = 0; j < TILE / 8; j += 2) {
      if (j < from || j >= to) continue;
      unsigned b[4];
      right(b, y, stride, j * 8, k);
      product(r[j], a, b[0], b[1]);
      product(r[j + 1], a, b[2], b[3]);
    }
  }
}

// h(t) = (Σ weight(t, s)·(φq(t)·φk(s))·v(s) + carried(t)·φq(t)·state) / the same of ones. states: after each chunk. h: (sequences, S, VALUE_SIZE). over: 1/normaliser.
// Grid (chunks, sequences).
extern "C" __global__ void __launch_bounds__(TILE_THREADS) memory_forward(
    const bf16* q, const bf16* k, const bf16* v, const float* source, const float* peak, const float* carried, const bf16* states, bf16* h, float* over, int batches, int group,
    int length) {
  extern __shared__ __align__(16) unsigned char shared[];
  bf16 *Q = (bf16*)shared, *K = Q + TILE * KEY_STRIDE, *V = K + TILE * KEY_STRIDE, *S = V + TILE * VALUE_STRIDE;
  __shared__ float a[TILE];
  const Sequence at(batches, group, length);
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, m = warp * 16, low = m + (lane >> 2), column = (lane & 3) * 2;
  loadTile<KEY_SIZE, KEY_STRIDE>(Q, q + at.query(length), KEY_SIZE, at.rows);
  loadTile<KEY_SIZE, KEY_STRIDE>(K, k + at.key(batches, length, group), (long long)group * KEY_SIZE, at.rows);
  loadTile<VALUE_SIZE, VALUE_STRIDE>(V, v + at.value(batches, length), VALUE_SIZE, at.rows);
  if (threadIdx.x < TILE) { a[threadIdx.x] = source[at.row() + threadIdx.x]; setColumn(V, threadIdx.x, 1.f); }
  if (at.n > 0) loadState(S, states + (at.chunk - 1) * KEY_SIZE * STATE_WIDTH);
  __syncthreads();
  float r[VALUES][4], p[TILE / 8][4];
  clear(r); clear(p);
  if (at.n > 0) {
#pragma unroll 4
    for (int d = 0; d < KEY_SIZE; d += 16) {
      unsigned x[4];
      left(x, Q, KEY_STRIDE, m, d);
      addTurned<VALUES>(r, x, S, VALUE_STRIDE, 0, d);
    }
    const float c0 = carried[at.row() + low], c1 = carried[at.row() + low + 8];
#pragma unroll
    for (int j = 0; j < VALUES; j++) { r[j][0] *= c0; r[j][1] *= c0; r[j][2] *= c1; r[j][3] *= c1; }
  }
  scores(p, Q, K, KEY_STRIDE, KEY_SIZE, m, 0, 2 * warp + 2);
  const float u0 = peak[at.row() + low], u1 = peak[at.row() + low + 8];
#pragma unroll
  for (int j = 0; j < TILE / 8; j++) {
    const int s = j * 8 + column;
    p[j][0] = s <= low ? p[j][0] * __expf(a[s] - u0) : 0.f;
    p[j][1] = s + 1 <= low ? p[j][1] * __expf(a[s + 1] - u0) : 0.f;
    p[j][2] = s <= low + 8 ? p[j][2] * __expf(a[s] - u1) : 0.f;
    p[j][3] = s + 1 <= low + 8 ? p[j][3] * __expf(a[s + 1] - u1) : 0.f;
  }
#pragma unroll
  for (int k16 = 0; k16 < TILE / 16; k16++) {
    if (k16 > warp) continue;
    unsigned x[4];
    asLeft(x, p[2 * k16], p[2 * k16 + 1]);
    addTurned<VALUES>(r, x, V, VALUE_STRIDE, 0, k16 * 16);
  }
  const float o0 = 1.f / (__shfl_sync(~0u, r[NORMALISER][0] + r[NORMALISER][1], lane & ~3) + 1e-30f),
              o1 = 1.f / (__shfl_sync(~0u, r[NORMALISER][2] + r[NORMALISER][3], lane & ~3) + 1e-30f);
  bf16* to = h + (at.index * length + at.first + low) * VALUE_SIZE + column;
#pragma unroll
  for (int j = 0; j < VALUE_SIZE / 8; j++) {
    if (low < at.rows) *(unsigned*)(to + j * 8) = toPair(r[j][0] * o0, r[j][1] * o0);
    if (low + 8 < at.rows) *(unsigned*)(to + 8 * VALUE_SIZE + j * 8) = toPair(r[j][2] * o1, r[j][3] * o1);
  }
  if (over && (lane & 3) == 0) {
    over[at.row() + low] = low < at.rows ? o0 : 0.f;
    over[at.row() + low + 8] = low + 8 < at.rows ? o1 : 0.f;
  }
}

#include "memory_backward.cuh"
#include "memory_gates.cuh"
