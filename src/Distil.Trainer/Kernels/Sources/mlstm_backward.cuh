// The backward pass of mlstm.cu, which includes this: the names and layouts are its.

// Gradient of the plain scores from that of the weighed ones, in place, with dNorm, what each of a row's weights adds to the normaliser: what a row of h, as it came, gains
// by growing as a whole, and its normaliser takes back. Rounding leaves a rest in every product; summed here from the rounded ones themselves, the rests of the gates'
// gradients cancel as the products do.
// gradient, weights: bf16 (rows, L). dCarried: bf16 (rows − L, DH), what the carried state gives to q's gradient, from the second chunk on. dNorm: float (rows).
// rowSums: float (rows), Σ weight · gradient over a row; columnSums: float (rows/TILE, L), down the columns of TILE rows. Grid (rows/TILE), 256 threads.
extern "C" __global__ void __launch_bounds__(32 * WARPS) mlstm_weigh_backward(
    bf16* gradient, const bf16* weights, const bf16* q, const bf16* dCarried, const float* source, const float* peak, const float* inverse, const float* slope, float* dNorm,
    float* rowSums, float* columnSums, int length, int chunks, float scale) {
  __shared__ float shared[WARPS][CHUNK];
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  const long long first = (long long)blockIdx.x * TILE, chunk = first / CHUNK;
  const float* a = source + chunk * CHUNK;
  float2 columns[SCORES];
#pragma unroll
  for (int j = 0; j < SCORES; j++) columns[j] = make_float2(0, 0);
  for (long long row = first + warp; row < first + TILE; row += WARPS) {
    const int t = row % CHUNK;
    unsigned g[SCORES], w[SCORES];
    float sum = 0;
    EACH_SCORE {
      g[j] = w[j] = 0;
      if (s <= t) {
        g[j] = *(const unsigned*)(gradient + row * CHUNK + s);
        w[j] = *(const unsigned*)(weights + row * CHUNK + s);  // 0 beyond t
      }
      sum += lowFloat(w[j]) * lowFloat(g[j]) + highFloat(w[j]) * highFloat(g[j]);
    }
    if (chunk % chunks > 0) { EACH_PAIR {
      const unsigned query = *(const unsigned*)(q + row * HEAD_SIZE + d), given = *(const unsigned*)(dCarried + (row - CHUNK) * HEAD_SIZE + d);
      sum += lowFloat(query) * lowFloat(given) + highFloat(query) * highFloat(given);
    } }
    sum = warpSum(sum);
    const float dn = row % (chunks * CHUNK) < length ? -slope[row] * inverse[row] * sum : 0.f, u = peak[row];
    float total = 0;
    EACH_SCORE {
      unsigned pair = 0;
      if (s <= t) {
        const float x = lowFloat(g[j]) + dn, y = s + 1 <= t ? highFloat(g[j]) + dn : 0.f;
        const float wx = lowFloat(w[j]) * x, wy = highFloat(w[j]) * y;
        columns[j].x += wx; columns[j].y += wy;
        total += wx + wy;
        pair = toPair(x * __expf(a[s] - u) * scale, s + 1 <= t ? y * __expf(a[s + 1] - u) * scale : 0.f);
      }
      *(unsigned*)(gradient + row * CHUNK + s) = pair;
    }
    total = warpSum(total);
    if (lane == 0) { dNorm[row] = dn; rowSums[row] = total; }
  }
  EACH_SCORE *(float2*)&shared[warp][s] = columns[j];
  __syncthreads();
  for (int s = threadIdx.x; s < CHUNK; s += 32 * WARPS) {
    float sum = 0;
#pragma unroll
    for (int v = 0; v < WARPS; v++) sum += shared[v][s];
    columnSums[(long long)blockIdx.x * CHUNK + s] = sum;
  }
}

// gradient: bf16 (B, S, I). dc, dz: bf16 (B, S, I). dRetrieved: bf16 (rows, DH), dCarried the same times `carried`, 0 in the first chunk (null where there is one
// only).
// partial: float (gridDim.y, 2, I): parts of the gradients of weight and skip. Grid (NH, any), 256 threads.
extern "C" __global__ void __launch_bounds__(32 * WARPS) mlstm_mix_backward(
    const bf16* gradient, const bf16* h, const bf16* c, const bf16* z, const float* weight, const float* skip, const float* inverse, const float* carried, bf16* dc, bf16* dz,
    bf16* dRetrieved, bf16* dCarried, float* partial, int batch, int heads, int length, int chunks,
    long long cStride, long long zStride) {
  __shared__ float shared[WARPS][2][HEAD_SIZE];
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, head = blockIdx.x, positions = chunks * CHUNK;
  float2 w[PAIRS], k[PAIRS], dW[PAIRS], dK[PAIRS];
  EACH_PAIR {
    w[i] = *(const float2*)(weight + head * HEAD_SIZE + d); k[i] = *(const float2*)(skip + head * HEAD_SIZE + d);
    dW[i] = dK[i] = make_float2(0, 0);
  }
  for (long long item = blockIdx.y * WARPS + warp; item < (long long)batch * positions; item += gridDim.y * WARPS) {
    const int b = item / positions, t = item % positions;
    const long long row = ((long long)b * heads + head) * positions + t, position = (long long)b * length + t;
    const Row at(row, heads, chunks);
    bf16* dr = dRetrieved + row * HEAD_SIZE;
    bf16* dq = dCarried ? dCarried + row * HEAD_SIZE : nullptr;
    if (t >= length) {
      EACH_PAIR { *(unsigned*)(dr + d) = 0; if (dq) *(unsigned*)(dq + d) = 0; }
      continue;
    }
    float2 x[PAIRS], dy[PAIRS];
    float total = 0;
    EACH_PAIR {
      const unsigned pair = *(const unsigned*)(h + row * HEAD_SIZE + d);
      x[i] = make_float2(lowFloat(pair), highFloat(pair));
      total += x[i].x + x[i].y;
    }
    const float mean = warpSum(total) / HEAD_SIZE, scale = overDeviation(x, mean, lane);
    float s1 = 0, s2 = 0;
    EACH_PAIR {
      const int channel = head * HEAD_SIZE + d;
      const unsigned gs = *(const unsigned*)(gradient + position * heads * HEAD_SIZE + channel);
      const unsigned cs = *(const unsigned*)(c + position * cStride + channel), zs = *(const unsigned*)(z + position * zStride + channel);
      const float n0 = (x[i].x - mean) * scale, n1 = (x[i].y - mean) * scale, z0 = lowFloat(zs), z1 = highFloat(zs), c0 = lowFloat(cs), c1 = highFloat(cs);
      const float g0 = lowFloat(gs) * silu(z0), g1 = highFloat(gs) * silu(z1);
      *(unsigned*)(dz + position * heads * HEAD_SIZE + channel) = toPair(
          lowFloat(gs) * (n0 * (1.f + w[i].x) + k[i].x * c0) * siluSlope(z0), highFloat(gs) * (n1 * (1.f + w[i].y) + k[i].y * c1) * siluSlope(z1));
      *(unsigned*)(dc + position * heads * HEAD_SIZE + channel) = toPair(g0 * k[i].x, g1 * k[i].y);
      dK[i].x += g0 * c0; dK[i].y += g1 * c1;
      dW[i].x += g0 * n0; dW[i].y += g1 * n1;
      dy[i] = make_float2(g0 * (1.f + w[i].x), g1 * (1.f + w[i].y));
      s1 += dy[i].x + dy[i].y; s2 += dy[i].x * n0 + dy[i].y * n1;
    }
    s1 = warpSum(s1) / HEAD_SIZE; s2 = warpSum(s2) / HEAD_SIZE;
    const float over = inverse[row], g = at.n > 0 ? carried[row] : 0.f;
    EACH_PAIR {
      const float d0 = (dy[i].x - s1 - (x[i].x - mean) * scale * s2) * scale * over, d1 = (dy[i].y - s1 - (x[i].y - mean) * scale * s2) * scale * over;
      *(unsigned*)(dr + d) = toPair(d0, d1);
      if (dq) *(unsigned*)(dq + d) = toPair(d0 * g, d1 * g);
    }
  }
  EACH_PAIR { *(float2*)&shared[warp][0][d] = dW[i]; *(float2*)&shared[warp][1][d] = dK[i]; }
  __syncthreads();
  for (int at = threadIdx.x; at < 2 * HEAD_SIZE; at += 32 * WARPS) {
    float sum = 0;
#pragma unroll
    for (int v = 0; v < WARPS; v++) sum += shared[v][at / HEAD_SIZE][at % HEAD_SIZE];
    partial[((long long)blockIdx.y * 2 + at / HEAD_SIZE) * heads * HEAD_SIZE + head * HEAD_SIZE + at % HEAD_SIZE] = sum;
  }
}

// What the queries of a chunk give to the gradient of the normaliser before it: Σ carried·dNorm·q, 0 in the first. sums: float (B·NH, N, DH).
// Grid (N, B·NH), DH/2 threads.
extern "C" __global__ void mlstm_normaliser_backward(const bf16* q, const float* carried, const float* dNorm, float* sums) {
  const int d = 2 * threadIdx.x;
  const long long chunk = (long long)blockIdx.y * gridDim.x + blockIdx.x;
  float s0 = 0, s1 = 0;
  if (blockIdx.x > 0) {
#pragma unroll 8
    for (long long t = chunk * CHUNK; t < (chunk + 1) * CHUNK; t++) {
      const float w = carried[t] * dNorm[t];
      const unsigned pair = *(const unsigned*)(q + t * HEAD_SIZE + d);
      s0 += lowFloat(pair) * w; s1 += highFloat(pair) * w;
    }
  }
  *(float2*)(sums + chunk * HEAD_SIZE + d) = make_float2(s0, s1);
}

// What passes from each chunk to the later ones, of the gates' gradients: the state after it times its gradient; 0 after the last.
// states, dStates: bf16 (B·NH, N, DH·DH), after and before each chunk; sums, dSums: float (B·NH, N, DH). passing: float (B·NH, N). Grid (N, B·NH), 256 threads.
extern "C" __global__ void __launch_bounds__(32 * WARPS) mlstm_passing(const bf16* states, const bf16* dStates, const float* sums, const float* dSums, float* passing, int chunks) {
  __shared__ float shared[WARPS];
  const long long n = (long long)blockIdx.y * chunks + blockIdx.x;
  float sum = 0;
  if (blockIdx.x < chunks - 1) {
    for (int at = 8 * threadIdx.x; at < HEAD_SIZE * HEAD_SIZE; at += 8 * 32 * WARPS) {
      const uint4 state = *(const uint4*)(states + n * HEAD_SIZE * HEAD_SIZE + at), given = *(const uint4*)(dStates + (n + 1) * HEAD_SIZE * HEAD_SIZE + at);
      sum += lowFloat(state.x) * lowFloat(given.x) + highFloat(state.x) * highFloat(given.x) + lowFloat(state.y) * lowFloat(given.y) + highFloat(state.y) * highFloat(given.y)
          + lowFloat(state.z) * lowFloat(given.z) + highFloat(state.z) * highFloat(given.z) + lowFloat(state.w) * lowFloat(given.w) + highFloat(state.w) * highFloat(given.w);
    }
    for (int d = threadIdx.x; d < HEAD_SIZE; d += 32 * WARPS) sum += sums[n * HEAD_SIZE + d] * dSums[(n + 1) * HEAD_SIZE + d];
  }
  sum = warpSum(sum);
  if ((threadIdx.x & 31) == 0) shared[threadIdx.x >> 5] = sum;
  __syncthreads();
  if (threadIdx.x == 0) {
    for (int v = 1; v < WARPS; v++) sum += shared[v];
    passing[n] = sum;
  }
}

// The last of q's and k's gradients, and what the gates' follow from: a gate weighs a pair (t, s) as the score does, so that its gradient is weight · gradient over the pairs
// that it weighs. Inside a chunk they are summed by rows and columns; with other chunks they are q·dq and k·dk of what comes through the states.
// dq, dk: bf16 (rows, DH), completed in place where there are more chunks than one. dCarried: bf16 (rows − L, DH), from the second chunk on; dKeys: the same up to the last
// chunk, as at the chunk's end. states: float (B·NH, N, DH), normalisers after each chunk; dStates the same, the gradient before each chunk.
// through: float (rows), the row's less the column's; dInput: float (rows), the column's. A warp a row.
extern "C" __global__ void mlstm_finish_backward(
    bf16* dq, bf16* dk, const bf16* dCarried, const bf16* dKeys, const bf16* q, const bf16* k, const float* states, const float* dStates, const float* carried, const float* written,
    const float* dNorm, const float* rowSums, const float* columnSums, float* through, float* dInput, long long rows, int heads, int chunks, float keyScale) {
  const int lane = threadIdx.x & 31;
  const long long row = (long long)blockIdx.x * WARPS + (threadIdx.x >> 5);
  if (row >= rows) return;
  const Row at(row, heads, chunks);
  float fromQuery = 0, fromKey = lane < CHUNK / TILE ? columnSums[(row / CHUNK * (CHUNK / TILE) + lane) * CHUNK + row % CHUNK] : 0.f;
  if (at.n > 0) {
    const float toNormaliser = carried[row] * dNorm[row];
    EACH_PAIR {
      const unsigned own = *(const unsigned*)(dq + row * HEAD_SIZE + d), given = *(const unsigned*)(dCarried + (row - CHUNK) * HEAD_SIZE + d);
      const unsigned query = *(const unsigned*)(q + row * HEAD_SIZE + d);
      const float2 state = *(const float2*)(states + ((long long)at.bh * chunks + at.n - 1) * HEAD_SIZE + d);
      const float x = lowFloat(given) + toNormaliser * state.x, y = highFloat(given) + toNormaliser * state.y;
      fromQuery += lowFloat(query) * x + highFloat(query) * y;
      *(unsigned*)(dq + row * HEAD_SIZE + d) = toPair(lowFloat(own) + x, highFloat(own) + y);
    }
  }
  if (at.n < chunks - 1) {
    const float w = written[row] * keyScale;
    EACH_PAIR {
      const unsigned own = *(const unsigned*)(dk + row * HEAD_SIZE + d), given = *(const unsigned*)(dKeys + row * HEAD_SIZE + d);
      const unsigned key = *(const unsigned*)(k + row * HEAD_SIZE + d);
      const float2 state = *(const float2*)(dStates + ((long long)at.bh * chunks + at.n + 1) * HEAD_SIZE + d);
      const float x = w * (lowFloat(given) + state.x), y = w * (highFloat(given) + state.y);
      fromKey += lowFloat(key) * x + highFloat(key) * y;
      *(unsigned*)(dk + row * HEAD_SIZE + d) = toPair(lowFloat(own) + x, highFloat(own) + y);
    }
  }
  fromQuery = warpSum(fromQuery); fromKey = warpSum(fromKey);
  if (lane == 0) { through[row] = rowSums[row] + fromQuery - fromKey; dInput[row] = fromKey; }
}

// Gradients of the gates. A forget gate weighs the pairs that it lies between: σ(−f)·(Σ over its chunk's later positions and itself of `through`, and what passes out of the chunk).
// passing: float (B·NH, N), null with one chunk. dGates: bf16 (B, S, 2·NH). dBias: float (B, 2·NH), their sums before they are rounded. Grid (B·NH), CHUNK threads.
extern "C" __global__ void __launch_bounds__(CHUNK) mlstm_gates_backward(
    const bf16* ofC, const bf16* ofX, const float* inputBias, const float* forgetBias, const float* through, const float* dInput, const float* passing, bf16* dGates, float* dBias,
    int heads, int length, int chunks) {
  __shared__ float shared[32];
  const int b = blockIdx.x / heads, head = blockIdx.x % heads;
  const Gates gates = {ofC, ofX, inputBias[head], forgetBias[head], heads, head};
  float inputs = 0, forgets = 0;
  for (int n = 0; n < chunks; n++) {
    const int t = n * CHUNK + CHUNK - 1 - threadIdx.x;
    const long long row = (long long)blockIdx.x * chunks * CHUNK + t;
    const float sum = (passing ? passing[blockIdx.x * chunks + n] : 0.f) + scan<false>(t < length ? through[row] : 0.f, shared);
    if (t < length) {
      const long long position = (long long)b * length + t;
      const float i = dInput[row], f = sum * sigmoid(-gates.forget(position));
      dGates[position * 2 * heads + head] = toBf16(i);
      dGates[(position * 2 + 1) * heads + head] = toBf16(f);
      inputs += i; forgets += f;
    }
  }
  inputs = scan<false>(inputs, shared);
  forgets = scan<false>(forgets, shared);
  if (threadIdx.x == CHUNK - 1) { dBias[b * 2 * heads + head] = inputs; dBias[(b * 2 + 1) * heads + head] = forgets; }
}
