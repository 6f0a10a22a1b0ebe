package sala.tornado.interpreter.engine;

import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import uk.ac.manchester.tornado.api.KernelContext;

/** What calls of the API mean to the interpreter. */
final class ApiMembers {
    static final ClassDesc KERNEL_CONTEXT =
            KernelContext.class.describeConstable().orElseThrow();

    private static final String ARRAYS = "uk/ac/manchester/tornado/api/types/arrays/";
    private static final String VECTORS = "uk/ac/manchester/tornado/api/types/collections/";
    private static final Set<String> SIZES = Set.of("getSize", "getLength", "size", "vectorWidth", "getArray");
    private static final Map<String, Integer> WIDTHS = Map.of(
            "VectorFloat2", 2,
            "VectorFloat4", 4,
            "VectorFloat8", 8,
            "VectorHalf2", 2,
            "VectorHalf4", 4,
            "VectorHalf8", 8,
            "VectorInt2", 2,
            "VectorInt4", 4);

    /** Calls of a {@link KernelContext} that lanes wait in: for their work group or for their warp. */
    private static final Set<String> WAITING = Set.of(
            "localBarrier",
            "globalBarrier",
            "simdSum",
            "simdShuffleDown",
            "simdBroadcastFirst",
            "mmaLoadA",
            "mmaLoadB",
            "mmaLoadBSwizzled",
            "mmaLoadAInt8",
            "mmaLoadBInt8",
            "mmaLoadAFP8",
            "mmaLoadBFP8",
            "mma",
            "mmaBF16",
            "mmaInt8",
            "mmaFP8E4M3",
            "mmaFP8E5M2");

    private ApiMembers() {}

    /**
     * An access of neighbouring elements of an array.
     *
     * @param write whether it writes
     * @param scale elements per index
     * @param width elements touched
     */
    record Access(boolean write, int scale, int width) {}

    /** Whether code of this class is run as it is, and not rewritten. */
    static boolean isOutside(String internalName) {
        return internalName.startsWith("java/")
                || internalName.startsWith("uk/ac/manchester/tornado/api/")
                || internalName.startsWith("sala/tornado/interpreter/engine/");
    }

    static boolean isContext(ClassDesc owner) {
        return owner.equals(KERNEL_CONTEXT);
    }

    static boolean isArray(String internalName) {
        return internalName.startsWith(ARRAYS) || internalName.startsWith(VECTORS);
    }

    static boolean waits(String contextMethod) {
        return WAITING.contains(contextMethod);
    }

    static boolean tellsSize(String arrayMethod) {
        return SIZES.contains(arrayMethod);
    }

    /** What an instance method of an array reads or writes; none for a method that is no access of elements. */
    static Optional<Access> access(InvokeInstruction call) {
        String owner = call.owner().asInternalName();
        String name = call.name().stringValue();
        int parameters = call.typeSymbol().parameterCount();
        boolean indexFirst = parameters > 0
                && call.typeSymbol().parameterType(0).descriptorString().equals("I");
        boolean write = name.startsWith("set");
        if (!indexFirst || !(write || name.startsWith("get")) || parameters != (write ? 2 : 1)) {
            return Optional.empty();
        }
        if (owner.startsWith(VECTORS)) {
            int width = WIDTHS.getOrDefault(owner.substring(VECTORS.length()), 1);
            return Optional.of(new Access(write, width, width));
        }
        boolean pair = name.endsWith("Half2") || name.endsWith("HalfFloat");
        return Optional.of(new Access(write, 1, pair ? 2 : 1));
    }
}
