// The backward pass of window.cu, which includes this.

// Gradient of q. Grid as forward.
extern "C" __global__ void __launch_bounds__(TILE_THREADS) window_backward_query(
    const bf16* q, const bf16* k, const bf16* v, const bf16* dy, const float* lse, const float* delta, bf16* dq, int batches, int length, int window, int sinks, float scale) {
  extern __shared__ __align__(16) unsigned char shared[];
  bf16 *Q = (bf16*)shared, *G = Q + TILE * WIDTH;
  const int tile = gridDim.x - 1 - blockIdx.x, head = blockIdx.y / batches, batch = blockIdx.y % batches, warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  const int m = warp * 16, low = m + (lane >> 2), column = (lane & 3) * 2, first = tile * TILE, rows = min(TILE, length - first);
  const long long at = (long long)blockIdx.y * length, of = ((long long)(head / GROUP) * batches + batch) * length;
  const Band band(tile, window, sinks);
  auto K = [&](int i) { return Q + TILE * WIDTH * (2 + 2 * (i & 1)); };
  auto fetch = [&](int i) {
    const int s = band.tile(i) * TILE, count = min(TILE, length - s);
    fetchTile<SIZE, WIDTH>(K(i), k + (of + s) * SIZE, SIZE, count);
    fetchTile<SIZE, WIDTH>(K(i) + TILE * WIDTH, v + (of + s) * SIZE, SIZE, count);
    commitCopies();
  };
  fetchTile<SIZE, WIDTH>(Q, q + (at + first) * SIZE, SIZE, rows);
  fetchTile<SIZE, WIDTH>(G, dy + (at + first) * SIZE, SIZE, rows);
  fetch(0);
  const float l0 = low < rows ? lse[at + first + low] * LOG2E : 0.f, l1 = low + 8 < rows ? lse[at + first + low + 8] * LOG2E : 0.f;
  const float d0 = low < rows ? delta[at + first + low] : 0.f, d1 = low + 8 < rows ? delta[at + first + low + 8] : 0.f;
  unsigned ofQ[KEPT][4], ofG[KEPT][4];
  float r[BLOCKS][4];
  clear(r);
  for (int i = 0; i < band.count; i++) {
    awaitCopies<0>();
    __syncthreads();
    if (i + 1 < band.count) fetch(i + 1);
    const int keys = band.tile(i), t = first + low;
    const bf16 *k0 = K(i), *v0 = k0 + TILE * WIDTH;
    float p[TILE / 8][4], g[TILE / 8][4];
    clear(p); clear(g);
#pragma unroll
    for (int d = 0; d < SIZE / 16; d++) {
      if (i == 0 || !KEEPS) { left(ofQ[KEEPS ? d : 0], Q, WIDTH, m, d * 16); left(ofG[KEEPS ? d : 0], G, WIDTH, m, d * 16); }
      add<TILE / 8>(p, ofQ[KEEPS ? d : 0], k0, WIDTH, 0, d * 16);
      add<TILE / 8>(g, ofG[KEEPS ? d : 0], v0, WIDTH, 0, d * 16);
    }
    const bool whole = band.whole(tile, keys);
#pragma unroll
    for (int j = 0; j < TILE / 8; j++) {
      const int s = keys * TILE + j * 8 + column;
#pragma unroll
      for (int e = 0; e < 4; e++) {
        const bool seen = whole || band.sees(e < 2 ? t : t + 8, s + (e & 1));
        p[j][e] = seen ? exp2Fast(p[j][e] * scale - (e < 2 ? l0 : l1)) * (g[j][e] - (e < 2 ? d0 : d1)) : 0.f;
      }
    }
#pragma unroll
    for (int k16 = 0; k16 < TILE / 16; k16++) {
      unsigned x[4];
      asLeft(x, p[2 * k16], p[2 * k16 + 1]);
      addTurned<BLOCKS>(r, x, k0, WIDTH, 0, k16 * 16);
    }
  }
  const float by = scale / LOG2E;
  bf16* to = dq + (at + first + low) * SIZE + column;
#pragma unroll
  for (int j = 0; j < BLOCKS; j++) {
    if (low < rows) *(unsigned*)(to + j * 8) = toPair(r[j][0] * by, r[j][1] * by);
    if (low + 8 < rows) *(unsigned*)(to + 8 * SIZE + j * 8) = toPair(r[j][2] * by, r[j][3] * by);
  }
}

// The last tile of queries whose windows reach into a tile of keys.
__device__ __forceinline__ int lastOf(int keys, int window, int end) { return (int)min((long long)end, ((long long)keys * TILE + TILE + window - 2) / TILE); }

// Gradients of k and v within the band, over all query heads that share them. Grid (H/GROUP·B, tiles).
extern "C" __global__ void __launch_bounds__(TILE_THREADS) window_backward_key(
    const bf16* q, const bf16* k, const bf16* v, const bf16* dy, const float* lse, const float* delta, bf16* dk, bf16* dv, int batches, int length, int window, int sinks, float scale) {
  extern __shared__ __align__(16) unsigned char shared[];
  bf16 *K = (bf16*)shared, *V = K + TILE * WIDTH;
  __shared__ float l[2][TILE], D[2][TILE];
  const int keys = blockIdx.y, shares = blockIdx.x / batches, batch = blockIdx.x % batches, warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  const int m = warp * 16, low = m + (lane >> 2), column = (lane & 3) * 2, first = keys * TILE, rows = min(TILE, length - first);
  const long long of = (long long)blockIdx.x * length + first;
  const Band band(keys, window, sinks);
  const int end = gridDim.y - 1, last = lastOf(keys, window, end), each = last - keys + 1;
  auto Q = [&](int i) { return K + TILE * WIDTH * (2 + 2 * (i & 1)); };
  auto fetch = [&](int i) {
    const int t = (keys + i % each) * TILE, count = min(TILE, length - t);
    const long long at = ((long long)(shares * GROUP + i / each) * batches + batch) * length + t;
    fetchTile<SIZE, WIDTH>(Q(i), q + at * SIZE, SIZE, count);
    fetchTile<SIZE, WIDTH>(Q(i) + TILE * WIDTH, dy + at * SIZE, SIZE, count);
    if (threadIdx.x < TILE) {
      // a position past the end gets no weight
      l[i & 1][threadIdx.x] = (int)threadIdx.x < count ? lse[at + threadIdx.x] * LOG2E : -NONE;
      D[i & 1][threadIdx.x] = (int)threadIdx.x < count ? delta[at + threadIdx.x] : 0.f;
    }
    commitCopies();
  };
  fetchTile<SIZE, WIDTH>(K, k + of * SIZE, SIZE, rows);
  fetchTile<SIZE, WIDTH>(V, v + of * SIZE, SIZE, rows);
  fetch(0);
  unsigned ofK[KEPT][4], ofV[KEPT][4];
  float x[BLOCKS][4], y[BLOCKS][4];
  clear(x); clear(y);
  for (int i = 0; i < GROUP * each; i++) {
    awaitCopies<0>();
    __syncthreads();
    if (i + 1 < GROUP * each) fetch(i + 1);
    const int queries = keys + i % each;
    const bf16 *q0 = Q(i), *g0 = q0 + TILE * WIDTH;
    const float *l0 = l[i & 1], *d0 = D[i & 1];
    float p[TILE / 8][4], g[TILE / 8][4];
    clear(p); clear(g);
#pragma unroll
    for (int d = 0; d < SIZE / 16; d++) {
      if (i == 0 || !KEEPS) { left(ofK[KEEPS ? d : 0], K, WIDTH, m, d * 16); left(ofV[KEEPS ? d : 0], V, WIDTH, m, d * 16); }
      add<TILE / 8>(p, ofK[KEEPS ? d : 0], q0, WIDTH, 0, d * 16);
      add<TILE / 8>(g, ofV[KEEPS ? d : 0], g0, WIDTH, 0, d * 16);
    }
    const bool whole = band.whole(queries, keys);
#pragma unroll
    for (int j = 0; j < TILE / 8; j++) {
#pragma unroll
      for (int e = 0; e < 4; e++) {
        const int t = j * 8 + column + (e & 1), s = first + (e < 2 ? low : low + 8);
        p[j][e] = whole || band.sees(queries * TILE + t, s) ? exp2Fast(p[j][e] * scale - l0[t]) : 0.f;
        g[j][e] = p[j][e] * (g[j][e] - d0[t]);
      }
    }
#pragma unroll
    for (int k16 = 0; k16 < TILE / 16; k16++) {
      unsigned a[4];
      asLeft(a, p[2 * k16], p[2 * k16 + 1]);
      addTurned<BLOCKS>(y, a, g0, WIDTH, 0, k16 * 16);
      asLeft(a, g[2 * k16], g[2 * k16 + 1]);
      addTurned<BLOCKS>(x, a, q0, WIDTH, 0, k16 * 16);
    }
  }
  const float by = scale / LOG2E;
  const long long to = (of + low) * SIZE + column;
#pragma unroll
  for (int j = 0; j < BLOCKS; j++) {
    if (low < rows) { *(unsigned*)(dk + to + j * 8) = toPair(x[j][0] * by, x[j][1] * by); *(unsigned*)(dv + to + j * 8) = toPair(y[j][0], y[j][1]); }
    if (low + 8 < rows) {
      *(unsigned*)(dk + to + 8 * SIZE + j * 8) = toPair(x[j][2] * by, x[j][3] * by);
      *(unsigned*)(dv + to + 8 * SIZE + j * 8) = toPair(y[j][2], y[j][3]);
    }
  }
}
