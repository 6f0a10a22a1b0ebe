package sala.model.tornado;

import java.util.ArrayList;
import java.util.List;
import sala.model.BackendUnavailableException;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** The devices of the TornadoVM that this JVM runs with; without one, those of the interpreter. */
public final class TornadoDevices {
    private TornadoDevices() {}

    /**
     * One device.
     *
     * @param index its place in the list of all devices
     * @param device for a {@link TornadoForwardPass}
     */
    public record Entry(int index, TornadoDevice device) {
        /** As the driver calls it. */
        public String name() {
            return device.getPhysicalDevice().getDeviceName().strip();
        }

        /** What kernels are translated to; {@link TornadoVMBackendType#JAVA} for the interpreter. */
        public TornadoVMBackendType backend() {
            return device.getTornadoVMBackend();
        }

        /** Bytes of its memory; {@link Long#MAX_VALUE} for the interpreter, which takes the JVM's. */
        public long memoryBytes() {
            return device.getPhysicalDevice().getDeviceGlobalMemorySize();
        }

        /** Whether a process may open one model after another: on PTX, TornadoVM pins host memory for good (docs/backends.md). */
        public boolean takesSeveralModels() {
            return backend() != TornadoVMBackendType.PTX;
        }

        public boolean isGpu() {
            return device.getDeviceType() == TornadoDeviceType.GPU;
        }
    }

    /**
     * All devices, in TornadoVM's order.
     *
     * @throws BackendUnavailableException if its runtime does not start
     */
    public static List<Entry> list() {
        try {
            return devices(TornadoRuntimeProvider.getTornadoRuntime());
        } catch (RuntimeException | LinkageError e) { // of kinds that are TornadoVM's own
            throw new BackendUnavailableException(
                    "the runtime of TornadoVM does not start (%s): check TORNADOVM_HOME and the driver, or take --backend cpu"
                            .formatted(rootCause(e)));
        }
    }

    private static Throwable rootCause(Throwable failure) {
        Throwable root = failure;
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            root = cause;
        }
        return root;
    }

    private static List<Entry> devices(TornadoRuntime runtime) {
        List<Entry> entries = new ArrayList<>();
        for (int index = 0; index < runtime.getNumBackends(); index++) {
            TornadoBackend backend = runtime.getBackend(index);
            for (int device = 0; device < backend.getNumDevices(); device++) {
                entries.add(new Entry(entries.size(), backend.getDevice(device)));
            }
        }
        return entries;
    }
}
