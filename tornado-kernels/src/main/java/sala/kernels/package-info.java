/**
 * GPU kernels in Java for TornadoVM, a package an operation, and what they share: {@link sala.kernels.KernelGraph} (a
 * task and its grid, added together), {@link sala.kernels.Step} (which tokens a call computes, on the device) and
 * {@link sala.kernels.storage} (one source for all storage types).
 *
 * <p>A kernel is a public static method over {@code KernelContext}; next to it stands {@code addTo}, which checks the
 * shapes, adds the task and sets its grid. Nothing launches a kernel in another way.
 */
@NullMarked
package sala.kernels;

import org.jspecify.annotations.NullMarked;
