// A vector that all warps of a group make anew at each step, each a part, and that all of them read at the next. The group is CLUSTER blocks (sm_90, more than
// one), which send each part to all others as it is made (PTX ISA: mapa, st.async, mbarrier, barrier.cluster), or one block, on any card.
// Two buffers take turns: nobody sends for step t + 1 before it has all of step t, for which every warp had to be done with reading what step t + 1 overwrites.

#if CLUSTER > 1

// Bytes: of the whole vector. Buffers lie BufferBytes apart from the start of dynamic shared memory, two barriers of 8 bytes at BarrierAt.
template <unsigned Bytes, unsigned BufferBytes, unsigned BarrierAt>
struct Exchange {
  unsigned own, peers[CLUSTER];

  // Ends with a wait for all blocks: what was written to the buffers before is there.
  __device__ __forceinline__ explicit Exchange(const void* memory) : own(sharedAddress(memory)) {
#pragma unroll
    for (int i = 0; i < CLUSTER; i++) asm("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(peers[i]) : "r"(own), "r"(i));
    if (threadIdx.x == 0) {
#pragma unroll
      for (int i = 0; i < 2; i++) asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(own + BarrierAt + i * 8) : "memory");
      asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
      expect(0);
      expect(1);
    }
    all();
  }

  __device__ __forceinline__ void all() const { asm volatile("barrier.cluster.arrive.release.aligned;\nbarrier.cluster.wait.acquire.aligned;" ::: "memory"); }

  __device__ __forceinline__ void expect(int buffer) const {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(own + BarrierAt + buffer * 8), "r"(Bytes) : "memory");
  }

  // Until buffer step mod 2 holds all that was sent for a step ≥ 1.
  __device__ __forceinline__ void await(int step) const {
    const unsigned barrier = own + BarrierAt + (step & 1) * 8, parity = ((step - 1) >> 1) & 1;
    unsigned done;
    do {
      asm volatile("{\n.reg .pred p;\nmbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 p, [%1], %2;\nselp.u32 %0, 1, 0, p;\n}" : "=r"(done) : "r"(barrier), "r"(parity) : "memory");
    } while (!done);
    if (threadIdx.x == 0) expect(step & 1);
  }

  __device__ __forceinline__ void send(int step, unsigned offset, unsigned value) const {
    const unsigned at = (step & 1) * BufferBytes + offset, barrier = BarrierAt + (step & 1) * 8;
#pragma unroll
    for (int i = 0; i < CLUSTER; i++)
      asm volatile("st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.b32 [%0], %1, [%2];" ::"r"(peers[i] + at), "r"(value), "r"(peers[i] + barrier) : "memory");
  }

  __device__ __forceinline__ void send(int step, unsigned offset, uint4 value) const {
    const unsigned at = (step & 1) * BufferBytes + offset, barrier = BarrierAt + (step & 1) * 8;
#pragma unroll
    for (int i = 0; i < CLUSTER; i++)
      asm volatile("st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.v4.b32 [%0], {%1, %2, %3, %4}, [%5];" ::"r"(peers[i] + at), "r"(value.x), "r"(value.y),
                   "r"(value.z), "r"(value.w), "r"(peers[i] + barrier) : "memory");
  }
};

#else

template <unsigned Bytes, unsigned BufferBytes, unsigned BarrierAt>
struct Exchange {
  unsigned char* memory;
  __device__ __forceinline__ explicit Exchange(void* start) : memory((unsigned char*)start) { all(); }
  __device__ __forceinline__ void all() const { __syncthreads(); }
  __device__ __forceinline__ void await(int) const { __syncthreads(); }
  template <class T> __device__ __forceinline__ void send(int step, unsigned offset, T value) const { *(T*)(memory + (step & 1) * BufferBytes + offset) = value; }
};

#endif
