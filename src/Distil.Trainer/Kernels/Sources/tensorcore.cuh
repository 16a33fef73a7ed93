// Tensor-core products and asynchronous copies of sm_80 and newer (PTX ISA: mma, ldmatrix, cp.async).
#include "bfloat16.cuh"

// c (16 × 8, float) += a (16 × 16, bf16, by rows) · b (16 × 8, bf16, by columns).
// Lane l holds of c: rows l/4 and l/4 + 8, columns 2·(l mod 4) and the next: c[0], c[1] of the first row, c[2], c[3] of the second.
__device__ __forceinline__ void product(float* c, const unsigned* a, unsigned b0, unsigned b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

__device__ __forceinline__ unsigned sharedAddress(const void* pointer) { return (unsigned)__cvta_generic_to_shared(pointer); }

// Four 8 × 8 matrices of bf16: lane l names row l mod 8 of matrix l/8.
__device__ __forceinline__ void loadMatrices(unsigned* r, unsigned address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3},[%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(address) : "memory");
}

// As loadMatrices, each 8 × 8 matrix transposed.
__device__ __forceinline__ void loadTransposed(unsigned* r, unsigned address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3},[%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(address) : "memory");
}

// 16 bytes from global to shared memory, in the background.
__device__ __forceinline__ void copyAsync(unsigned to, const void* from) { asm volatile("cp.async.cg.shared.global [%0],[%1],16;" ::"r"(to), "l"(from) : "memory"); }
__device__ __forceinline__ void commitCopies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Until at most N of this thread's groups of copies are under way.
template <int N> __device__ __forceinline__ void awaitCopies() { asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory"); }
