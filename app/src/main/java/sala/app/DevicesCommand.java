package sala.app;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import sala.model.Backend;
import sala.model.ForwardPasses;
import sala.model.tornado.TornadoDevices;

/** {@code sala devices}: what the model can be computed on. */
@Command(
        name = "devices",
        description = "Lists what can compute, and says what is picked and why.",
        footer = {
            "%nDevices of a GPU come from an installed TornadoVM, which TORNADOVM_HOME names;",
            "without one there is the interpreter, which runs the same kernels slowly.",
            "The number is what --device takes. Example:",
            "  sala devices --json"
        })
final class DevicesCommand implements Runnable {
    private final CommandStreams streams;

    @Option(names = "--json", description = "Print one JSON object: {\"devices\":[..],\"picked\":{..}}.")
    private boolean asJson;

    DevicesCommand(CommandStreams streams) {
        this.streams = streams;
    }

    @Override
    public void run() {
        TornadoProperties.set();
        List<TornadoDevices.Entry> entries = TornadoDevices.list();
        ForwardPasses.Choice picked = ForwardPasses.choose(Backend.AUTO, OptionalInt.empty());
        if (asJson) {
            JsonOutput.writeLine(streams, json -> writeJson(json, entries, picked));
            return;
        }
        row("device", "backend", "kernels", "memory", "name");
        for (TornadoDevices.Entry entry : entries) {
            row(
                    Integer.toString(entry.index()),
                    backend().toString(),
                    entry.backend().name().toLowerCase(Locale.ROOT),
                    hasOwnMemory(entry) ? Quantities.bytes(entry.memoryBytes()) : "the JVM's",
                    entry.name());
        }
        row("-", Backend.CPU.toString(), "java", Quantities.bytes(MemoryCheck.physicalBytes()), Machine.cpuName());
        streams.emit("%npicked: %s%n".formatted(picked.explanation()));
    }

    private void row(String device, String backend, String kernels, String memory, String name) {
        streams.emit(
                String.format(Locale.ROOT, "%-6s  %-11s  %-7s  %10s  %s%n", device, backend, kernels, memory, name));
    }

    /** The backend that the listed devices belong to. */
    static Backend backend() {
        return ForwardPasses.hasTornadoVm() ? Backend.TORNADO : Backend.INTERPRETER;
    }

    private static boolean hasOwnMemory(TornadoDevices.Entry entry) {
        return entry.memoryBytes() != Long.MAX_VALUE;
    }

    private static void writeJson(JsonGenerator json, List<TornadoDevices.Entry> entries, ForwardPasses.Choice picked)
            throws IOException {
        json.writeStartObject();
        json.writeArrayFieldStart("devices");
        for (TornadoDevices.Entry entry : entries) {
            json.writeStartObject();
            json.writeNumberField("device", entry.index());
            json.writeStringField("backend", backend().toString());
            json.writeStringField("kernels", entry.backend().name().toLowerCase(Locale.ROOT));
            json.writeStringField("name", entry.name());
            if (hasOwnMemory(entry)) {
                json.writeNumberField("memoryBytes", entry.memoryBytes());
            }
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeObjectFieldStart("picked");
        json.writeStringField("backend", picked.backend().toString());
        if (picked.device().isPresent()) {
            json.writeNumberField("device", picked.device().get().index());
        }
        json.writeStringField("why", picked.explanation());
        json.writeEndObject();
        json.writeEndObject();
    }
}
