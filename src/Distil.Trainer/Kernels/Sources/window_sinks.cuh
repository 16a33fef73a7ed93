// The sinks' share of window_backward.cuh, which window.cu includes too.

// What sinks get from queries beyond the band: partial (GROUP, H/GROUP·B, 16·gridDim.z, 2, SIZE) float, of k and v. A block takes 16 sinks for one query head, each of its warps every fourth tile
// of queries. Grid (H/GROUP·B, GROUP, ⌈sinks/16⌉).
extern "C" __global__ void __launch_bounds__(TILE_THREADS) window_backward_sinks(
    const bf16* q, const bf16* k, const bf16* v, const bf16* dy, const float* lse, const float* delta, float* partial, int batches, int length, int window, int sinks, float scale) {
  extern __shared__ __align__(16) unsigned char shared[];
  const int shares = blockIdx.x / batches, batch = blockIdx.x % batches, warp = threadIdx.x >> 5, lane = threadIdx.x & 31, first = blockIdx.z * 16, keys = first / TILE;
  const int low = first + (lane >> 2), column = (lane & 3) * 2, end = (length - 1) / TILE;
  bf16 *K = (bf16*)shared, *V = K + 16 * WIDTH, *Q = V + 16 * WIDTH + warp * 2 * TILE * WIDTH, *G = Q + TILE * WIDTH;
  const long long of = (long long)blockIdx.x * length, at = ((long long)(shares * GROUP + blockIdx.y) * batches + batch) * length;
  for (int i = threadIdx.x; i < 16 * SIZE / 8; i += TILE_THREADS) {
    const int r = i / (SIZE / 8), c = i % (SIZE / 8) * 8;
    const bool real = first + r < length;
    *(uint4*)(K + r * WIDTH + c) = real ? *(const uint4*)(k + (of + first + r) * SIZE + c) : make_uint4(0, 0, 0, 0);
    *(uint4*)(V + r * WIDTH + c) = real ? *(const uint4*)(v + (of + first + r) * SIZE + c) : make_uint4(0, 0, 0, 0);
  }
  __syncthreads();
  float x[BLOCKS][4], y[BLOCKS][4];
  clear(x); clear(y);
  for (int tile = lastOf(keys, window, end) + 1 + warp; tile <= end; tile += TILE_WARPS) {
    const int t0 = tile * TILE, count = min(TILE, length - t0);
    __syncwarp();
    for (int i = lane; i < TILE * SIZE / 8; i += 32) {
      const int r = i / (SIZE / 8), c = i % (SIZE / 8) * 8;
      const bool real = r < count;
      *(uint4*)(Q + r * WIDTH + c) = real ? *(const uint4*)(q + (at + t0 + r) * SIZE + c) : make_uint4(0, 0, 0, 0);
      *(uint4*)(G + r * WIDTH + c) = real ? *(const uint4*)(dy + (at + t0 + r) * SIZE + c) : make_uint4(0, 0, 0, 0);
    }
    __syncwarp();
    float p[TILE / 8][4], g[TILE / 8][4];
    clear(p); clear(g);
#pragma unroll
    for (int d = 0; d < SIZE; d += 16) {
      unsigned a[4];
      left(a, K, WIDTH, 0, d);
      add<TILE / 8>(p, a, Q, WIDTH, 0, d);
      left(a, V, WIDTH, 0, d);
      add<TILE / 8>(g, a, G, WIDTH, 0, d);
    }
#pragma unroll
    for (int j = 0; j < TILE / 8; j++) {
#pragma unroll
      for (int e = 0; e < 4; e++) {
        const int r = j * 8 + column + (e & 1), s = e < 2 ? low : low + 8;
        const bool seen = s < sinks && r < count;  // all are before the windows
        p[j][e] = seen ? exp2Fast(p[j][e] * scale - lse[at + t0 + r] * LOG2E) : 0.f;
        g[j][e] = seen ? p[j][e] * (g[j][e] - delta[at + t0 + r]) : 0.f;
      }
    }
#pragma unroll
    for (int k16 = 0; k16 < TILE / 16; k16++) {
      unsigned a[4];
      asLeft(a, p[2 * k16], p[2 * k16 + 1]);
      addTurned<BLOCKS>(y, a, G, WIDTH, 0, k16 * 16);
      asLeft(a, g[2 * k16], g[2 * k16 + 1]);
      addTurned<BLOCKS>(x, a, Q, WIDTH, 0, k16 * 16);
    }
  }
  __syncthreads();
  float* sums = (float*)(shared) + warp * 2 * 16 * SIZE;  // over what the warps have read
  const float by = scale / LOG2E;
#pragma unroll
  for (int j = 0; j < BLOCKS; j++) {
#pragma unroll
    for (int e = 0; e < 4; e++) {
      const int r = (lane >> 2) + (e < 2 ? 0 : 8), c = j * 8 + column + (e & 1);
      sums[(r * 2) * SIZE + c] = x[j][e] * by; sums[(r * 2 + 1) * SIZE + c] = y[j][e];
    }
  }
  __syncthreads();
  float* to = partial + (((long long)blockIdx.y * gridDim.x + blockIdx.x) * gridDim.z + blockIdx.z) * 2 * 16 * SIZE;
  for (int i = threadIdx.x; i < 2 * 16 * SIZE; i += TILE_THREADS) {
    float total = 0.f;
#pragma unroll
    for (int w = 0; w < TILE_WARPS; w++) total += ((float*)shared)[w * 2 * 16 * SIZE + i];
    to[i] = total;
  }
}
