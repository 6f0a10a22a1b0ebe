package sala.tornado.interpreter;

import uk.ac.manchester.tornado.api.TornadoTargetDevice;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/**
 * The JVM as a device, in one of two ways of running. Both keep device memory apart from host memory and run barriers
 * and warp collectives as a device does; {@link #checking()} also watches every access, {@link #fast()} does not.
 *
 * @param checks whether accesses are watched for races and ranges
 * @param order the order of work groups and lanes
 */
public record InterpreterDevice(boolean checks, ExecutionOrder order) implements TornadoDevice, TornadoTargetDevice {
    private static final long LOCAL_MEMORY_BYTES = 48 * 1024;
    private static final int MAX_LANES = 1024;

    /** Watches every access; the default device. */
    public static InterpreterDevice checking() {
        return new InterpreterDevice(true, new ExecutionOrder.Ascending());
    }

    /** Watches nothing. */
    public static InterpreterDevice fast() {
        return new InterpreterDevice(false, new ExecutionOrder.Ascending());
    }

    /** The same way of running in another order of lanes and work groups. */
    public InterpreterDevice withOrder(ExecutionOrder newOrder) {
        return new InterpreterDevice(checks, newOrder);
    }

    @Override
    public String getDeviceName() {
        return checks ? "interpreter, checking" : "interpreter, fast";
    }

    @Override
    public String getDescription() {
        return getDeviceName() + ", " + order;
    }

    @Override
    public String getPlatformName() {
        return "SALA4J interpreter";
    }

    @Override
    public TornadoTargetDevice getPhysicalDevice() {
        return this;
    }

    @Override
    public TornadoDeviceType getDeviceType() {
        return TornadoDeviceType.CPU;
    }

    @Override
    public long getMaxAllocMemory() {
        return Long.MAX_VALUE;
    }

    @Override
    public long getMaxGlobalMemory() {
        return Long.MAX_VALUE;
    }

    @Override
    public long getDeviceGlobalMemorySize() {
        return Long.MAX_VALUE;
    }

    @Override
    public long getDeviceLocalMemorySize() {
        return LOCAL_MEMORY_BYTES;
    }

    @Override
    public int getDeviceMaxComputeUnits() {
        return Runtime.getRuntime().availableProcessors();
    }

    @Override
    public long[] getDeviceMaxWorkItemSizes() {
        return new long[] {MAX_LANES, MAX_LANES, MAX_LANES};
    }

    @Override
    public long[] getDeviceMaxWorkGroupSize() {
        return new long[] {MAX_LANES};
    }

    @Override
    public long[] getDeviceMaxWorkgroupDimensions() {
        return getDeviceMaxWorkItemSizes();
    }

    @Override
    public int getMaxThreadsPerBlock() {
        return MAX_LANES;
    }

    @Override
    public int getDeviceMaxClockFrequency() {
        return 0;
    }

    @Override
    public long getDeviceMaxConstantBufferSize() {
        return Long.MAX_VALUE;
    }

    @Override
    public long getDeviceMaxAllocationSize() {
        return Long.MAX_VALUE;
    }

    @Override
    public String getDeviceOpenCLCVersion() {
        return "";
    }

    @Override
    public String getDeviceInfo() {
        return getDescription();
    }

    @Override
    public int getBackendIndex() {
        return 0;
    }

    @Override
    public TornadoVMBackendType getTornadoVMBackend() {
        return TornadoVMBackendType.JAVA;
    }

    @Override
    public boolean isSPIRVSupported() {
        return false;
    }
}
