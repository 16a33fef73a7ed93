// Tiles of bf16 in shared memory and products of their 16 × 16 parts. A block has 4 warps; a warp takes 16 rows of a tile of 64.
#include "tensorcore.cuh"

#define TILE 64
#define TILE_WARPS 4
#define TILE_THREADS (32 * TILE_WARPS)
#define STRIDE(columns) ((columns) + 8)        // of a tile's rows, in elements: an odd number of 16 bytes, so that banks differ
#define WIDER(columns) ((columns) + 24)        // the same of a tile with 8 columns more

// What `product` takes from a tile t with rows of `stride` elements. Left: rows from m, depth from k. Right: two blocks of 8 columns from n, depth from k: r[0..1] and r[2..3].
// Left, stored [m][k].
__device__ __forceinline__ void left(unsigned* r, const bf16* t, int stride, int m, int k) {
  const int lane = threadIdx.x & 31;
  loadMatrices(r, sharedAddress(t + (m + (lane & 15)) * stride + k + (lane >> 4) * 8));
}
// Left, stored [k][m].
__device__ __forceinline__ void leftTurned(unsigned* r, const bf16* t, int stride, int m, int k) {
  const int lane = threadIdx.x & 31;
  loadTransposed(r, sharedAddress(t + (k + (lane & 7) + (lane >> 4) * 8) * stride + m + ((lane >> 3) & 1) * 8));
}
// Right, stored [n][k].
__device__ __forceinline__ void right(unsigned* r, const bf16* t, int stride, int n, int k) {
  const int lane = threadIdx.x & 31;
  loadMatrices(r, sharedAddress(t + (n + (lane & 7) + (lane >> 4) * 8) * stride + k + ((lane >> 3) & 1) * 8));
}
// Right, stored [k][n].
__device__ __forceinline__ void rightTurned(unsigned* r, const bf16* t, int stride, int n, int k) {
  const int lane = threadIdx.x & 31;
  loadTransposed(r, sharedAddress(t + (k + (lane & 7) + ((lane >> 3) & 1) * 8) * stride + n + (lane >> 4) * 8));
}

// A result of two blocks of 8 columns as the left side of the next product, depth 16.
__device__ __forceinline__ void asLeft(unsigned* a, const float* first, const float* second) {
  a[0] = toPair(first[0], first[1]); a[1] = toPair(first[2], first[3]); a[2] = toPair(second[0], second[1]); a[3] = toPair(second[2], second[3]);
}

// COLUMNS columns of 64 rows, the first `rows` of them from memory (rows of `from` lie `pitch` apart), the others 0.
template <int COLUMNS, int WIDTH> __device__ __forceinline__ void loadTile(bf16* to, const bf16* from, long long pitch, int rows) {
  for (int i = threadIdx.x; i < TILE * COLUMNS / 8; i += TILE_THREADS) {
    const int r = i / (COLUMNS / 8), c = i % (COLUMNS / 8) * 8;
    *(uint4*)(to + r * WIDTH + c) = r < rows ? *(const uint4*)(from + r * pitch + c) : make_uint4(0, 0, 0, 0);
  }
}

// The same in the background.
template <int COLUMNS, int WIDTH> __device__ __forceinline__ void fetchTile(bf16* to, const bf16* from, long long pitch, int rows) {
  for (int i = threadIdx.x; i < TILE * COLUMNS / 8; i += TILE_THREADS) {
    const int r = i / (COLUMNS / 8), c = i % (COLUMNS / 8) * 8;
    if (r < rows) copyAsync(sharedAddress(to + r * WIDTH + c), from + r * pitch + c);
    else *(uint4*)(to + r * WIDTH + c) = make_uint4(0, 0, 0, 0);
  }
}

// Sum over the four lanes that share rows of a result.
__device__ __forceinline__ float quadSum(float x) { x += __shfl_xor_sync(~0u, x, 1); return x + __shfl_xor_sync(~0u, x, 2); }
__device__ __forceinline__ float quadMax(float x) { x = fmaxf(x, __shfl_xor_sync(~0u, x, 1)); return fmaxf(x, __shfl_xor_sync(~0u, x, 2)); }

// r (16 × 8·BLOCKS) += left · right for one depth of 16, the right side stored [k][n]; BLOCKS may be odd if a row has 8 elements more.
template <int BLOCKS> __device__ __forceinline__ void addTurned(float (*r)[4], const unsigned* a, const bf16* t, int stride, int n, int k) {
#pragma unroll
  for (int j = 0; j < BLOCKS; j += 2) {
    unsigned b[4];
    rightTurned(b, t, stride, n + j * 8, k);
    product(r[j], a, b[0], b[1]);
    if (j + 1 < BLOCKS) product(r[j + 1], a, b[2], b[3]);
  }
}
// The same, stored [n][k].
template <int BLOCKS> __device__ __forceinline__ void add(float (*r)[4], const unsigned* a, const bf16* t, int stride, int n, int k) {
#pragma unroll
  for (int j = 0; j < BLOCKS; j += 2) {
    unsigned b[4];
    right(b, t, stride, n + j * 8, k);
    product(r[j], a, b[0], b[1]);
    if (j + 1 < BLOCKS) product(r[j + 1], a, b[2], b[3]);
  }
}
template <int N> __device__ __forceinline__ void clear(float (&r)[N][4]) {
#pragma unroll
  for (int j = 0; j < N; j++) r[j][0] = r[j][1] = r[j][2] = r[j][3] = 0.f;
}
