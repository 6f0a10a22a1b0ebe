__kernel void compute(__global long *_kernel_context, __constant uchar *_constant_region, __local uchar *_local_region, __global int *_atomics, __global uchar *x, __global uchar *out)
{
  ulong ul_24, ul_7, ul_1, ul_0;
  bool b_12, b_18;
  int i_20, i_3, i_17, i_14, i_11, i_10, i_9;
  long l_4, l_5, l_21, l_6, l_22, l_23;
  float f_19, f_13, f_16, f_15, f_8;

  // BLOCK 0
  ul_0  =  (ulong) x;
  ul_1  =  (ulong) out;
  __local float adf_2[64];
  i_3  =  get_global_id(0);
  l_4  =  (long) i_3;
  l_5  =  l_4 + 4L;
  l_6  =  l_5 << 2;
  ul_7  =  ul_0 + l_6;
  f_8  =  *((__global float *) ul_7);
  i_9  =  get_local_id(0);
  adf_2[i_9]  =  f_8;
  // BLOCK 1 MERGES [0 5 ]
  i_10  =  32;
  for(;i_10 >= 1;)
  {
    // BLOCK 2
    barrier(CLK_LOCAL_MEM_FENCE);
    i_11  =  i_10 >> 1;
    b_12  =  i_9 < i_10;
    if(b_12)
    {
      // BLOCK 3
      f_13  =  adf_2[i_9];
      i_14  =  i_10 + i_9;
      f_15  =  adf_2[i_14];
      f_16  =  f_13 + f_15;
      adf_2[i_9]  =  f_16;
    }  // B2
    else
    {
      // BLOCK 4
    }  // B2
    // BLOCK 5 MERGES [4 3 ]
    i_17  =  i_11;
    i_10  =  i_17;
  }  // B1
  // BLOCK 6
  b_18  =  i_9 == 0;
  if(b_18)
  {
    // BLOCK 7
    f_19  =  adf_2[0];
    i_20  =  get_group_id(0);
    l_21  =  (long) i_20;
    l_22  =  l_21 + 4L;
    l_23  =  l_22 << 2;
    ul_24  =  ul_1 + l_23;
    *((__global float *) ul_24)  =  f_19;
  }  // B6
  else
  {
    // BLOCK 8
  }  // B6
  // BLOCK 9 MERGES [8 7 ]
  return;
}  //  kernel
