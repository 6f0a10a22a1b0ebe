/** Forms of kernels that are measured beside those of {@code sala.kernels} to choose between them; no part of the product. */
@NullMarked
package sala.jmh.variants;

import org.jspecify.annotations.NullMarked;
