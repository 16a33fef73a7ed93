// The backward pass of memory.cu, which includes this. Weighted mean: with A(t, s) a pair's weight times its score, dA(t, s) = over(t)·(dh(t)·v(s) − D(t)), D(t) = dh(t)·h(t).

// φq's gradient, and D (rows), summed from the same rounded numbers as the pairs' own gradients. Grid (chunks, sequences).
extern "C" __global__ void __launch_bounds__(TILE_THREADS) memory_backward_query(
    const bf16* dh, const bf16* q, const bf16* k, const bf16* v, const float* source, const float* peak, const float* carried, const float* over, const bf16* states, bf16* dq,
    float* mean, int batches, int group, int length) {
  extern __shared__ __align__(16) unsigned char shared[];
  bf16 *Q = (bf16*)shared, *K = Q + TILE * KEY_STRIDE, *V = K + TILE * KEY_STRIDE, *G = V + TILE * VALUE_STRIDE, *S = G + TILE * VALUE_STRIDE;
  __shared__ float a[TILE];
  const Sequence at(batches, group, length);
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, m = warp * 16, low = m + (lane >> 2), column = (lane & 3) * 2;
  loadTile<KEY_SIZE, KEY_STRIDE>(Q, q + at.query(length), KEY_SIZE, at.rows);
  loadTile<KEY_SIZE, KEY_STRIDE>(K, k + at.key(batches, length, group), (long long)group * KEY_SIZE, at.rows);
  loadTile<VALUE_SIZE, VALUE_STRIDE>(V, v + at.value(batches, length), VALUE_SIZE, at.rows);
  loadTile<VALUE_SIZE, VALUE_STRIDE>(G, dh + (at.index * length + at.first) * VALUE_SIZE, VALUE_SIZE, at.rows);
  if (threadIdx.x < TILE) a[threadIdx.x] = source[at.row() + threadIdx.x];
  if (at.n > 0) loadState(S, states + (at.chunk - 1) * KEY_SIZE * STATE_WIDTH);
  __syncthreads();
  const float u0 = peak[at.row() + low], u1 = peak[at.row() + low + 8], c0 = carried[at.row() + low], c1 = carried[at.row() + low + 8];
  const float o0 = over[at.row() + low], o1 = over[at.row() + low + 8];
  float dot0 = 0.f, dot1 = 0.f;
  if (at.n > 0) {
    for (int block = 0; block < KEY_SIZE; block += KEY_BLOCK) {
      float r[KEY_BLOCK / 8][4];
      clear(r);
#pragma unroll 4
      for (int d = 0; d < VALUE_SIZE; d += 16) {
        unsigned x[4];
        left(x, G, VALUE_STRIDE, m, d);
        add<KEY_BLOCK / 8>(r, x, S, VALUE_STRIDE, block, d);
      }
#pragma unroll
      for (int j = 0; j < KEY_BLOCK / 8; j++) {
        const unsigned first = *(const unsigned*)(Q + low * KEY_STRIDE + block + j * 8 + column), second = *(const unsigned*)(Q + (low + 8) * KEY_STRIDE + block + j * 8 + column);
        dot0 += r[j][0] * lowFloat(first) + r[j][1] * highFloat(first);
        dot1 += r[j][2] * lowFloat(second) + r[j][3] * highFloat(second);
      }
    }
  }
  float p[TILE / 8][4], g[TILE / 8][4];
  clear(p); clear(g);
  scores(p, Q, K, KEY_STRIDE, KEY_SIZE, m, 0, 2 * warp + 2);
  scores(g, G, V, VALUE_STRIDE, VALUE_SIZE, m, 0, 2 * warp + 2);
  float sum0 = c0 * dot0, sum1 = c1 * dot1;
  float w[TILE / 8][4];
#pragma unroll
  for (int j = 0; j < TILE / 8; j++) {
    const int s = j * 8 + column;
    w[j][0] = s <= low ? __expf(a[s] - u0) : 0.f;
    w[j][1] = s + 1 <= low ? __expf(a[s + 1] - u0) : 0.f;
    w[j][2] = s <= low + 8 ? __expf(a[s] - u1) : 0.f;
    w[j][3] = s + 1 <= low + 8 ? __expf(a[s + 1] - u1) : 0.f;
    sum0 += p[j][0] * w[j][0] * g[j][0] + p[j][1] * w[j][1] * g[j][1];
    sum1 += p[j][2] * w[j][2] * g[j][2] + p[j][3] * w[j][3] * g[j][3];
  }
  const float D0 = quadSum(sum0) * o0, D1 = quadSum(sum1) * o1;
  if ((lane & 3) == 0) { mean[at.row() + low] = D0; mean[at.row() + low + 8] = D1; }
#pragma unroll
  for (int j = 0; j < TILE / 8; j++) {
    g[j][0] = o0 * (g[j][0] - D0) * w[j][0]; g[j][1] = o0 * (g[j][1] - D0) * w[j][1];
    g[j][2] = o1 * (g[j][2] - D1) * w[j][2]; g[j][3] = o1 * (g[j][3] - D1) * w[j][3];
  }
  for (int block = 0; block < KEY_SIZE; block += KEY_BLOCK) {
    float r[KEY_BLOCK / 8][4];
    clear(r);
    if (at.n > 0) {
#pragma unroll 4
      for (int d = 0; d < VALUE_SIZE; d += 16) {
        unsigned x[4];
        left(x, G, VALUE_STRIDE, m, d);
        add<KEY_BLOCK / 8>(r, x, S, VALUE_STRIDE, block, d);
      }
#pragma unroll
      for (int j = 0; j < KEY_BLOCK / 8; j++) {
        const float z0 = sumOf(S, block + j * 8 + column), z1 = sumOf(S, block + j * 8 + column + 1);
        r[j][0] = o0 * c0 * (r[j][0] - D0 * z0); r[j][1] = o0 * c0 * (r[j][1] - D0 * z1);
        r[j][2] = o1 * c1 * (r[j][2] - D1 * z0); r[j][3] = o1 * c1 * (r[j][3] - D1 * z1);
      }
    }
#pragma unroll
    for (int k16 = 0; k16 < TILE / 16; k16++) {
      if (k16 > warp) continue;
      unsigned x[4];
      asLeft(x, g[2 * k16], g[2 * k16 + 1]);
      addTurned<KEY_BLOCK / 8>(r, x, K, KEY_STRIDE, block, k16 * 16);
    }
    bf16* to = dq + at.query(length) + (long long)low * KEY_SIZE + block + column;
#pragma unroll
    for (int j = 0; j < KEY_BLOCK / 8; j++) {
      if (low < at.rows) *(unsigned*)(to + j * 8) = toPair(r[j][0], r[j][1]);
      if (low + 8 < at.rows) *(unsigned*)(to + 8 * KEY_SIZE + j * 8) = toPair(r[j][2], r[j][3]);
    }
  }
}

// Gradients of φk (its layout), of v by query head (sequences, S, VALUE_SIZE; null if not needed) and of a (rows). states: after each chunk; dStates: of the state before each.
// crossing: (sequences, chunks), what the pairs of a position up to a chunk's end and a query beyond it give together: the state after the chunk times its gradient.
// Grid (chunks, sequences).
extern "C" __global__ void __launch_bounds__(TILE_THREADS) memory_backward_key(
    const bf16* dh, const bf16* q, const bf16* k, const bf16* v, const float* source, const float* peak, const float* written, const float* over, const float* mean,
    const bf16* states, const bf16* dStates, bf16* dk, bf16* dv, float* dSource, float* crossing, int batches, int group, int length) {
  extern __shared__ __align__(16) unsigned char shared[];
  bf16 *Q = (bf16*)shared, *K = Q + TILE * KEY_STRIDE, *V = K + TILE * KEY_STRIDE, *G = V + TILE * VALUE_STRIDE, *S = G + TILE * VALUE_STRIDE;
  __shared__ float u[TILE], o[TILE], D[TILE], crossings[TILE_WARPS];
  const Sequence at(batches, group, length);
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, m = warp * 16, low = m + (lane >> 2), column = (lane & 3) * 2;
  const bool later = at.n + 1 < gridDim.x;
  loadTile<KEY_SIZE, KEY_STRIDE>(Q, q + at.query(length), KEY_SIZE, at.rows);
  loadTile<KEY_SIZE, KEY_STRIDE>(K, k + at.key(batches, length, group), (long long)group * KEY_SIZE, at.rows);
  loadTile<VALUE_SIZE, VALUE_STRIDE>(V, v + at.value(batches, length), VALUE_SIZE, at.rows);
  loadTile<VALUE_SIZE, VALUE_STRIDE>(G, dh + (at.index * length + at.first) * VALUE_SIZE, VALUE_SIZE, at.rows);
  if (threadIdx.x < TILE) { u[threadIdx.x] = peak[at.row() + threadIdx.x]; o[threadIdx.x] = over[at.row() + threadIdx.x]; D[threadIdx.x] = mean[at.row() + threadIdx.x]; }
  if (later) loadState(S, dStates + (at.chunk + 1) * KEY_SIZE * STATE_WIDTH);
  __syncthreads();
  const float a0 = source[at.row() + low], a1 = source[at.row() + low + 8], w0 = written[at.row() + low], w1 = written[at.row() + low + 8];
  float p[TILE / 8][4], g[TILE / 8][4], sum0 = 0.f, sum1 = 0.f;
  clear(p); clear(g);
  scores(p, K, Q, KEY_STRIDE, KEY_SIZE, m, 2 * warp, TILE / 8);
  scores(g, V, G, VALUE_STRIDE, VALUE_SIZE, m, 2 * warp, TILE / 8);
#pragma unroll
  for (int j = 0; j < TILE / 8; j++) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      const int t = j * 8 + column + (i & 1), s = i < 2 ? low : low + 8;
      const float w = t >= s ? __expf((i < 2 ? a0 : a1) - u[t]) * o[t] : 0.f, dA = g[j][i] - D[t];
      g[j][i] = dA * w;                      // gradient of the score
      p[j][i] *= w;                          // the pair's share of h
      (i < 2 ? sum0 : sum1) += p[j][i] * dA;
    }
  }
  if (dv) {
    float r[VALUE_SIZE / 8][4];
    clear(r);
    if (later) {
#pragma unroll 4
      for (int d = 0; d < KEY_SIZE; d += 16) {
        unsigned x[4];
        left(x, K, KEY_STRIDE, m, d);
        addTurned<VALUE_SIZE / 8>(r, x, S, VALUE_STRIDE, 0, d);
      }
#pragma unroll
      for (int j = 0; j < VALUE_SIZE / 8; j++) { r[j][0] *= w0; r[j][1] *= w0; r[j][2] *= w1; r[j][3] *= w1; }
    }
#pragma unroll
    for (int k16 = 0; k16 < TILE / 16; k16++) {
      if (k16 < warp) continue;
      unsigned x[4];
      asLeft(x, p[2 * k16], p[2 * k16 + 1]);
      addTurned<VALUE_SIZE / 8>(r, x, G, VALUE_STRIDE, 0, k16 * 16);
    }
    bf16* to = dv + (at.index * length + at.first + low) * VALUE_SIZE + column;
#pragma unroll
    for (int j = 0; j < VALUE_SIZE / 8; j++) {
      if (low < at.rows) *(unsigned*)(to + j * 8) = toPair(r[j][0], r[j][1]);
      if (low + 8 < at.rows) *(unsigned*)(to + 8 * VALUE_SIZE + j * 8) = toPair(r[j][2], r[j][3]);
    }
  }
  for (int block = 0; block < KEY_SIZE; block += KEY_BLOCK) {
    float r[KEY_BLOCK / 8][4];
    clear(r);
    if (later) {
#pragma unroll 4
      for (int d = 0; d < VALUE_SIZE; d += 16) {
        unsigned x[4];
        left(x, V, VALUE_STRIDE, m, d);
        add<KEY_BLOCK / 8>(r, x, S, VALUE_STRIDE, block, d);
      }
#pragma unroll
      for (int j = 0; j < KEY_BLOCK / 8; j++) {
        const int d = block + j * 8 + column;
        const float z0 = sumOf(S, d), z1 = sumOf(S, d + 1);
        const unsigned first = *(const unsigned*)(K + low * KEY_STRIDE + d), second = *(const unsigned*)(K + (low + 8) * KEY_STRIDE + d);
        r[j][0] = w0 * (r[j][0] + z0); r[j][1] = w0 * (r[j][1] + z1);
        r[j][2] = w1 * (r[j][2] + z0); r[j][3] = w1 * (r[j][3] + z1);
        sum0 += r[j][0] * lowFloat(first) + r[j][1] * highFloat(first);
        sum1 += r[j][2] * lowFloat(second) + r[j][3] * highFloat(second);
      }
    }
#pragma unroll
    for (int k16 = 0; k16 < TILE / 16; k16++) {
      if (k16 < warp) continue;
      unsigned x[4];
      asLeft(x, g[2 * k16], g[2 * k16 + 1]);
      addTurned<KEY_BLOCK / 8>(r, x, Q, KEY_STRIDE, block, k16 * 16);
    }
    bf16* to = dk + at.key(batches, length, group) + (long long)low * group * KEY_SIZE + block + column;
#pragma unroll
    for (int j = 0; j < KEY_BLOCK / 8; j++) {
      if (low < at.rows) *(unsigned*)(to + j * 8) = toPair(r[j][0], r[j][1]);
      if (low + 8 < at.rows) *(unsigned*)(to + 8LL * group * KEY_SIZE + j * 8) = toPair(r[j][2], r[j][3]);
    }
  }
  sum0 = quadSum(sum0); sum1 = quadSum(sum1);
  if ((lane & 3) == 0) { dSource[at.row() + low] = low < at.rows ? sum0 : 0.f; dSource[at.row() + low + 8] = low + 8 < at.rows ? sum1 : 0.f; }
  float product = 0.f;
  if (later) {
    const bf16* state = states + at.chunk * KEY_SIZE * STATE_WIDTH;
    for (int i = threadIdx.x; i < KEY_SIZE * (VALUE_SIZE + 2) / 2; i += TILE_THREADS) {
      const int d = i / (VALUE_SIZE / 2 + 1), c = i % (VALUE_SIZE / 2 + 1) * 2;
      const unsigned own = *(const unsigned*)(state + d * STATE_WIDTH + c), given = *(const unsigned*)(S + d * VALUE_STRIDE + c);
      product += c == VALUE_SIZE ? whole(own) * whole(given) : lowFloat(own) * lowFloat(given) + highFloat(own) * highFloat(given);
    }
  }
  product = warpSum(product);
  if (lane == 0) crossings[warp] = product;
  __syncthreads();
  if (threadIdx.x == 0) crossing[at.chunk] = crossings[0] + crossings[1] + crossings[2] + crossings[3];
}
