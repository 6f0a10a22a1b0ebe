package uk.ac.manchester.tornado.api;

import java.util.ArrayList;
import java.util.List;
import sala.tornado.interpreter.engine.GraphDescription;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task1;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task10;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task11;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task12;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task13;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task14;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task15;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task16;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task17;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task18;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task19;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task2;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task20;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task3;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task4;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task5;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task6;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task7;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task8;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task9;

/** Tasks and the transfers around them, in the order of their execution. */
public class TaskGraph {
    private final String name;
    private final List<GraphDescription.Step> steps = new ArrayList<>();

    public TaskGraph(String name) {
        this.name = name;
    }

    public String getTaskGraphName() {
        return name;
    }

    /** Copies arrays to the device before the tasks: mode 0 at the first execution, 1 at every one. */
    public TaskGraph transferToDevice(int mode, Object... arrays) {
        steps.add(GraphDescription.transferToDevice(name, mode, arrays));
        return this;
    }

    /** Copies arrays to the host after the tasks: mode 1 at every execution, 2 when asked for by the result. */
    public TaskGraph transferToHost(int mode, Object... arrays) {
        steps.add(GraphDescription.transferToHost(name, mode, arrays));
        return this;
    }

    /** Leaves arrays on the device for graphs that consume them. */
    public TaskGraph persistOnDevice(Object... arrays) {
        steps.add(GraphDescription.persist(name, arrays));
        return this;
    }

    /** Takes arrays that the named graph left on the device. */
    public TaskGraph consumeFromDevice(String sourceGraph, Object... arrays) {
        steps.add(GraphDescription.consume(name, sourceGraph, arrays));
        return this;
    }

    /** Takes arrays that the graph executed before this one left on the device. */
    public TaskGraph consumeFromDevice(Object... arrays) {
        steps.add(GraphDescription.consumeFromPrevious(name, arrays));
        return this;
    }

    /** The graph as it stands now; later changes of this object do not reach it. */
    public ImmutableTaskGraph snapshot() {
        return new ImmutableTaskGraph(new GraphDescription(name, steps));
    }

    public TaskGraph addTask(TaskPackage task) {
        steps.add(GraphDescription.task(name, task));
        return this;
    }

    public TaskGraph task(String id, Task code) {
        return addTask(new TaskPackage(id, code));
    }

    public <T1> TaskGraph task(String id, Task1<T1> code, T1 argument1) {
        return addTask(new TaskPackage(id, code, argument1));
    }

    public <T1, T2> TaskGraph task(String id, Task2<T1, T2> code, T1 argument1, T2 argument2) {
        return addTask(new TaskPackage(id, code, argument1, argument2));
    }

    public <T1, T2, T3> TaskGraph task(String id, Task3<T1, T2, T3> code, T1 argument1, T2 argument2, T3 argument3) {
        return addTask(new TaskPackage(id, code, argument1, argument2, argument3));
    }

    public <T1, T2, T3, T4> TaskGraph task(
            String id, Task4<T1, T2, T3, T4> code, T1 argument1, T2 argument2, T3 argument3, T4 argument4) {
        return addTask(new TaskPackage(id, code, argument1, argument2, argument3, argument4));
    }

    public <T1, T2, T3, T4, T5> TaskGraph task(
            String id,
            Task5<T1, T2, T3, T4, T5> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5) {
        return addTask(new TaskPackage(id, code, argument1, argument2, argument3, argument4, argument5));
    }

    public <T1, T2, T3, T4, T5, T6> TaskGraph task(
            String id,
            Task6<T1, T2, T3, T4, T5, T6> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6) {
        return addTask(new TaskPackage(id, code, argument1, argument2, argument3, argument4, argument5, argument6));
    }

    public <T1, T2, T3, T4, T5, T6, T7> TaskGraph task(
            String id,
            Task7<T1, T2, T3, T4, T5, T6, T7> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7) {
        return addTask(
                new TaskPackage(id, code, argument1, argument2, argument3, argument4, argument5, argument6, argument7));
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8> TaskGraph task(
            String id,
            Task8<T1, T2, T3, T4, T5, T6, T7, T8> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7,
            T8 argument8) {
        return addTask(new TaskPackage(
                id, code, argument1, argument2, argument3, argument4, argument5, argument6, argument7, argument8));
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9> TaskGraph task(
            String id,
            Task9<T1, T2, T3, T4, T5, T6, T7, T8, T9> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7,
            T8 argument8,
            T9 argument9) {
        return addTask(new TaskPackage(
                id, code, argument1, argument2, argument3, argument4, argument5, argument6, argument7, argument8,
                argument9));
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> TaskGraph task(
            String id,
            Task10<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7,
            T8 argument8,
            T9 argument9,
            T10 argument10) {
        return addTask(new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10));
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> TaskGraph task(
            String id,
            Task11<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7,
            T8 argument8,
            T9 argument9,
            T10 argument10,
            T11 argument11) {
        return addTask(new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11));
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> TaskGraph task(
            String id,
            Task12<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7,
            T8 argument8,
            T9 argument9,
            T10 argument10,
            T11 argument11,
            T12 argument12) {
        return addTask(new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12));
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13> TaskGraph task(
            String id,
            Task13<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7,
            T8 argument8,
            T9 argument9,
            T10 argument10,
            T11 argument11,
            T12 argument12,
            T13 argument13) {
        return addTask(new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13));
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14> TaskGraph task(
            String id,
            Task14<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7,
            T8 argument8,
            T9 argument9,
            T10 argument10,
            T11 argument11,
            T12 argument12,
            T13 argument13,
            T14 argument14) {
        return addTask(new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14));
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15> TaskGraph task(
            String id,
            Task15<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7,
            T8 argument8,
            T9 argument9,
            T10 argument10,
            T11 argument11,
            T12 argument12,
            T13 argument13,
            T14 argument14,
            T15 argument15) {
        return addTask(new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14,
                argument15));
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16> TaskGraph task(
            String id,
            Task16<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7,
            T8 argument8,
            T9 argument9,
            T10 argument10,
            T11 argument11,
            T12 argument12,
            T13 argument13,
            T14 argument14,
            T15 argument15,
            T16 argument16) {
        return addTask(new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14,
                argument15,
                argument16));
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17> TaskGraph task(
            String id,
            Task17<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7,
            T8 argument8,
            T9 argument9,
            T10 argument10,
            T11 argument11,
            T12 argument12,
            T13 argument13,
            T14 argument14,
            T15 argument15,
            T16 argument16,
            T17 argument17) {
        return addTask(new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14,
                argument15,
                argument16,
                argument17));
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18> TaskGraph task(
            String id,
            Task18<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7,
            T8 argument8,
            T9 argument9,
            T10 argument10,
            T11 argument11,
            T12 argument12,
            T13 argument13,
            T14 argument14,
            T15 argument15,
            T16 argument16,
            T17 argument17,
            T18 argument18) {
        return addTask(new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14,
                argument15,
                argument16,
                argument17,
                argument18));
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19> TaskGraph task(
            String id,
            Task19<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7,
            T8 argument8,
            T9 argument9,
            T10 argument10,
            T11 argument11,
            T12 argument12,
            T13 argument13,
            T14 argument14,
            T15 argument15,
            T16 argument16,
            T17 argument17,
            T18 argument18,
            T19 argument19) {
        return addTask(new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14,
                argument15,
                argument16,
                argument17,
                argument18,
                argument19));
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20> TaskGraph task(
            String id,
            Task20<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7,
            T8 argument8,
            T9 argument9,
            T10 argument10,
            T11 argument11,
            T12 argument12,
            T13 argument13,
            T14 argument14,
            T15 argument15,
            T16 argument16,
            T17 argument17,
            T18 argument18,
            T19 argument19,
            T20 argument20) {
        return addTask(new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14,
                argument15,
                argument16,
                argument17,
                argument18,
                argument19,
                argument20));
    }
}
