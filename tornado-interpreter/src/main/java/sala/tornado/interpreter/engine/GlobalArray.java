package sala.tornado.interpreter.engine;

import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * An array in global memory, as a launch sees it.
 *
 * @param name the kernel's parameter
 * @param twin what the kernel has been given
 * @param storage the elements
 * @param size the number of elements
 * @param shadow who touched which element; null where the kernel writes nothing of it, or nothing is watched
 */
record GlobalArray(
        String name,
        Object twin,
        TornadoNativeArray storage,
        int size,
        @Nullable Shadow shadow) {}
