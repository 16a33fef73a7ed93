// The gates of memory.cu, which includes this. x: (B·S, width) bf16, the products of the layer's input with the gates' weights: ĩ of all heads from column `at`, then f̃.

#define GATE_THREADS 512
#define GATE_WARPS (GATE_THREADS / 32)

struct ChunkGates { float a0, a1, top0, top1, forgotten; };  // of a lane's two positions: a, and the maximum of a up to them; the chunk's whole F

// A warp's chunk n of a sequence. Positions past the end write nothing and forget nothing.
__device__ __forceinline__ ChunkGates gatesOf(const bf16* x, long long start, int width, int heads, float inputBias, float forgetBias, int n, int length) {
  const int t = n * TILE + 2 * (threadIdx.x & 31);
  float i0 = -1e30f, i1 = -1e30f, f0 = 0.f, f1 = 0.f;
  if (t < length) { i0 = toFloat(x[start + (long long)t * width]) + inputBias; f0 = logSigmoid(toFloat(x[start + (long long)t * width + heads]) + forgetBias); }
  if (t + 1 < length) { i1 = toFloat(x[start + (long long)(t + 1) * width]) + inputBias; f1 = logSigmoid(toFloat(x[start + (long long)(t + 1) * width + heads]) + forgetBias); }
  const float through = warpScan<false>(f0 + f1), a0 = i0 - (through - f1), a1 = i1 - through;
  const float top1 = warpScan<true>(fmaxf(a0, a1)), before = __shfl_up_sync(~0u, top1, 1);
  const float top0 = (threadIdx.x & 31) ? fmaxf(before, a0) : a0;
  return {a0, a1, top0, top1, __shfl_sync(~0u, through, 31)};
}

// The results are rows, and keep (sequences, chunks). Shared: 3 floats a chunk. Grid (sequences).
extern "C" __global__ void __launch_bounds__(GATE_THREADS) memory_gates(
    const bf16* x, const float* inputBias, const float* forgetBias, float* source, float* peak, float* carried, float* written, float* keep, int batches, int heads, int width,
    int at, int length, int chunks) {
  extern __shared__ __align__(16) unsigned char shared[];
  float *top = (float*)shared, *forgotten = top + chunks, *before = forgotten + chunks;
  const int head = blockIdx.x / batches, batch = blockIdx.x % batches, warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  const long long start = (long long)batch * length * width + at + head;
  for (int n = warp; n < chunks; n += GATE_WARPS) {
    const ChunkGates g = gatesOf(x, start, width, heads, inputBias[head], forgetBias[head], n, length);
    if (lane == 31) { top[n] = g.top1; forgotten[n] = g.forgotten; }
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    float M = -1e30f;
    for (int n = 0; n < chunks; n++) { before[n] = M; M = forgotten[n] + fmaxf(top[n], M); }
  }
  __syncthreads();
  for (int n = warp; n < chunks; n += GATE_WARPS) {
    const ChunkGates g = gatesOf(x, start, width, heads, inputBias[head], forgetBias[head], n, length);
    const float M = before[n], end = fmaxf(top[n], M), u0 = fmaxf(g.top0, M), u1 = fmaxf(g.top1, M);
    const long long row = ((long long)blockIdx.x * chunks + n) * TILE + 2 * lane;
    *(float2*)(source + row) = make_float2(g.a0, g.a1);
    *(float2*)(peak + row) = make_float2(u0, u1);
    *(float2*)(carried + row) = make_float2(__expf(M - u0), __expf(M - u1));
    *(float2*)(written + row) = make_float2(__expf(g.a0 - end), __expf(g.a1 - end));
    if (lane == 0) keep[(long long)blockIdx.x * chunks + n] = __expf(M - end);
  }
}

// From the gradient of a (rows, 0 past the end): that of ĩ, the same; that of f̃: all pairs with a key before it and a query not before it change with log f. Of those, the pairs within
// the chunk and those of its keys with later queries are −Σ of a's gradient from it to the chunk's end, given that the pairs of each query cancel, with `crossing` for the rest: sums of at most
// a chunk, so that roundings do not add up over the text. dx: as x. sums: (sequences, 2), of the gradients over the positions, for the biases. Grid (sequences).
extern "C" __global__ void __launch_bounds__(GATE_THREADS) memory_gates_backward(
    const float* dSource, const float* crossing, const bf16* x, const float* forgetBias, bf16* dx, float* sums, int batches, int heads, int width, int at, int length, int chunks) {
  __shared__ float input[GATE_WARPS], forget[GATE_WARPS];
  const int head = blockIdx.x / batches, batch = blockIdx.x % batches, warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  const long long start = (long long)batch * length * width + at + head;
  float inputs = 0.f, forgets = 0.f;
  for (int n = warp; n < chunks; n += GATE_WARPS) {
    const long long chunk = (long long)blockIdx.x * chunks + n;
    const float2 own = *(const float2*)(dSource + chunk * TILE + 2 * lane);
    const float through = warpScan<false>(own.x + own.y), from = __shfl_sync(~0u, through, 31) - through + own.y;  // from the lane's second position on
    const float across = crossing[chunk];
#pragma unroll
    for (int j = 0; j < 2; j++) {
      const int t = n * TILE + 2 * lane + j;
      if (t >= length) continue;
      const long long place = start + (long long)t * width;
      const float df = (across - from - (j == 0 ? own.x : 0.f)) * sigmoid(-(toFloat(x[place + heads]) + forgetBias[head]));
      const float di = j == 0 ? own.x : own.y;
      dx[place] = toBf16(di);
      dx[place + heads] = toBf16(df);
      inputs += di; forgets += df;
    }
  }
  inputs = warpSum(inputs); forgets = warpSum(forgets);
  if (lane == 0) { input[warp] = inputs; forget[warp] = forgets; }
  __syncthreads();
  if (threadIdx.x == 0) {
    float i = 0.f, f = 0.f;
    for (int w = 0; w < GATE_WARPS; w++) { i += input[w]; f += forget[w]; }
    sums[2 * blockIdx.x] = i; sums[2 * blockIdx.x + 1] = f;
  }
}
