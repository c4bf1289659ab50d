//! Connections: two queues each, in order within one, in any order across them. Either end may die without the
//! other hearing of it.

use std::collections::{BTreeMap, VecDeque};

pub type ConnectionId = u32;

#[derive(Debug)]
pub struct Connection {
    /// Index of the device that opened it.
    pub device: usize,
    pub to_relay: VecDeque<Vec<u8>>,
    pub to_device: VecDeque<Vec<u8>>,
    /// Does this end still think that it is connected?
    pub device_open: bool,
    pub relay_open: bool,
    /// Nothing passes any more, and nobody was told.
    pub is_dead: bool,
    /// Nothing passes any more, and both ends will hear of it.
    pub is_cut: bool,
    /// The ticket, until the socket is open at the device's end.
    pub ticket: Option<String>,
}

/// What is to happen next on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    Open(ConnectionId),
    ToRelay(ConnectionId),
    ToDevice(ConnectionId),
    /// The other end has closed, and everything it had sent before has arrived.
    TellRelay(ConnectionId),
    TellDevice(ConnectionId),
}

#[derive(Debug, Default)]
pub struct Network {
    pub connections: BTreeMap<ConnectionId, Connection>,
    next: ConnectionId,
}

impl Network {
    pub fn connect(&mut self, device: usize, ticket: String) -> ConnectionId {
        self.next += 1;
        self.connections.insert(
            self.next,
            Connection {
                device,
                to_relay: VecDeque::new(),
                to_device: VecDeque::new(),
                device_open: true,
                relay_open: true,
                is_dead: false,
                is_cut: false,
                ticket: Some(ticket),
            },
        );
        self.next
    }

    pub fn get(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.connections.get_mut(&id)
    }

    /// Everything that could happen now.
    pub fn deliveries(&self) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        for (&id, connection) in &self.connections {
            if connection.is_dead {
                continue;
            }
            if connection.is_cut {
                if connection.relay_open {
                    deliveries.push(Delivery::TellRelay(id));
                }
                if connection.device_open {
                    deliveries.push(Delivery::TellDevice(id));
                }
                continue;
            }
            if connection.ticket.is_some() && connection.device_open && connection.relay_open {
                deliveries.push(Delivery::Open(id));
                continue;
            }
            // What was sent before the sender died still arrives: this is how frames of an old connection
            // overtake those of a new one.
            if connection.relay_open {
                if !connection.to_relay.is_empty() {
                    deliveries.push(Delivery::ToRelay(id));
                } else if !connection.device_open {
                    deliveries.push(Delivery::TellRelay(id));
                }
            }
            if connection.device_open {
                if !connection.to_device.is_empty() {
                    deliveries.push(Delivery::ToDevice(id));
                } else if !connection.relay_open {
                    deliveries.push(Delivery::TellDevice(id));
                }
            }
        }
        deliveries
    }

    /// Forgets connections of which neither end knows any more.
    pub fn sweep(&mut self) {
        self.connections
            .retain(|_, connection| connection.device_open || connection.relay_open);
    }

    /// Cuts a connection. What is on its way is lost; the ends hear of it, or go on waiting.
    pub fn cut(&mut self, id: ConnectionId, half_open: bool) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.to_relay.clear();
            connection.to_device.clear();
            connection.is_dead = half_open;
            connection.is_cut = !half_open;
        }
    }
}
