/** How kernels are tested: {@code KernelRun} runs one, {@code KernelAssert} compares, {@code TestDevice} says what the device can do. */
@NullMarked
package sala.kernels.testing;

import org.jspecify.annotations.NullMarked;
