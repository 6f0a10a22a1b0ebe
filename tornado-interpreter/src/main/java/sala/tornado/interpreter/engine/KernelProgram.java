package sala.tornado.interpreter.engine;

import java.util.BitSet;
import java.util.List;

/**
 * A kernel made ready to run.
 *
 * @param method the method it was made from
 * @param body the rewritten kernel
 * @param parameterNames names of the kernel's parameters
 * @param sites the places it may fail at
 * @param waits whether its lanes wait for each other
 * @param atomics whether it uses atomic operations
 * @param usesContext whether it has a kernel context
 * @param written the parameters whose arrays it may write
 */
record KernelProgram(
        KernelMethod method,
        KernelBody body,
        List<String> parameterNames,
        List<Site> sites,
        boolean waits,
        boolean atomics,
        boolean usesContext,
        BitSet written) {}
